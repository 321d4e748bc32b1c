"""Shared kernel: errors, time, text, keys, database base. No word of the domain; imports nothing of ours."""
