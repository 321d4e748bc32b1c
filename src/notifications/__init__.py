"""Messages to people: which event makes which message, and what became of every delivery."""
