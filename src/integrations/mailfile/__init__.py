"""Mails as files, for the demo and for trying out: written, listed, never sent."""
