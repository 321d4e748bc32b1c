"""The JSON API (`/api/v1`), the feeds: fixed interfaces, changed only with a deprecation period."""
