"""Feedback from arrival to answer: intake, handling, tracking, due dates, photos."""
