"""The server-rendered pages: handlers that read a form, call one use case and fill one view."""
