"""A mail server, reached by SMTP."""
