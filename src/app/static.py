"""Static files, straight from memory: an address with a content hash may be kept for ever."""

from collections.abc import Mapping, MutableMapping
from typing import Any, Protocol

from kernel.errors import NotFound
from web.assets import Asset, Assets
from web.site import TenantConfig

IMMUTABLE = b"public, max-age=31536000, immutable"
REVALIDATED = b"public, max-age=60"


class Answer(Protocol):
    """Where a whole answer goes."""

    async def replay(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send it."""
        ...


class StaticFiles:
    """The product's files, and each tenant's colours as `/static/tenant.css`."""

    def __init__(self, assets: Assets, configs: Mapping[str, TenantConfig]) -> None:
        self._assets = assets
        self._themes = {slug: config.theme for slug, config in configs.items()}

    async def serve(self, slug: str, scope: MutableMapping[str, Any], answer: Answer) -> bool:
        """Answer with a file; False when there is none of this name."""
        if scope["method"] != "GET":
            return False
        try:
            asset = self._find(slug, scope["path"].removeprefix("/static/"))
        except NotFound:
            return False
        asked = dict(scope["headers"])
        etag = f'"{asset.version}"'.encode()
        is_current = f"v={asset.version}".encode() in scope["query_string"]
        headers = [
            (b"content-type", _content_type(asset)),
            (b"etag", etag),
            (b"cache-control", IMMUTABLE if is_current else REVALIDATED),
            (b"vary", b"accept-encoding"),
        ]
        if asked.get(b"if-none-match") == etag:
            await answer.replay(304, headers, b"")
            return True
        body = asset.content
        if asset.gzipped is not None and b"gzip" in asked.get(b"accept-encoding", b""):
            headers.append((b"content-encoding", b"gzip"))
            body = asset.gzipped
        await answer.replay(200, headers, body)
        return True

    def _find(self, slug: str, name: str) -> Asset:
        return self._themes[slug] if name == "tenant.css" else self._assets.get(name)


def _content_type(asset: Asset) -> bytes:
    is_text = asset.media_type.startswith("text/") or asset.media_type.endswith(("javascript", "json", "xml"))
    return f"{asset.media_type}; charset=utf-8".encode() if is_text else asset.media_type.encode()
