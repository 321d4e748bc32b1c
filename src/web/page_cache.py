"""Rendered public pages, kept as bytes for a moment (ADR 0009).

A page is dropped when its tenant publishes or takes something back (NOTIFY, heard by every process), and in any case
after `max_age_seconds`: a process that heard nothing shows what was withdrawn for at most that long.
"""

import secrets
import time
from collections.abc import Mapping

MARK = f"@@{secrets.token_hex(16)}@@".encode()
"""Where a page takes a value of its own for each visitor; made at start, so that no text can contain it."""
ENTRIES_MAX = 2_000


class CachedPage:
    """A response body, with the places where each visitor gets a fresh value."""

    __slots__ = ("expires_at", "headers", "parts", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes, expires_at: float) -> None:
        self.status = status
        self.headers = headers
        self.parts = body.split(MARK)
        self.expires_at = expires_at

    def body(self, fresh: bytes) -> bytes:
        """The page for one visitor."""
        return fresh.join(self.parts)


class PageCache:
    """Pages of all tenants of this process; one tenant's can be dropped without the others'."""

    def __init__(self, max_age_seconds: float) -> None:
        self.max_age_seconds = max_age_seconds
        self._pages: dict[str, dict[str, CachedPage]] = {}
        self._generation: dict[str, int] = {}

    def find(self, slug: str, key: str) -> CachedPage | None:
        """A page that is young enough."""
        page = self._pages.get(slug, {}).get(key)
        return page if page is not None and page.expires_at > time.monotonic() else None

    def generation(self, slug: str) -> int:
        """Grows whenever the tenant's pages are dropped; a page begun before must not be kept after."""
        return self._generation.get(slug, 0)

    def keep(
        self, slug: str, key: str, status: int, headers: Mapping[bytes, bytes], body: bytes, generation: int
    ) -> None:
        """Keep a page that was begun in this generation."""
        if self.max_age_seconds <= 0 or generation != self.generation(slug):
            return
        pages = self._pages.setdefault(slug, {})
        if len(pages) >= ENTRIES_MAX:
            pages.clear()
        pages[key] = CachedPage(status, list(headers.items()), body, time.monotonic() + self.max_age_seconds)

    def drop(self, slug: str) -> None:
        """Forget the tenant's pages."""
        self._generation[slug] = self.generation(slug) + 1
        self._pages.pop(slug, None)
