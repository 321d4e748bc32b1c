"""The outermost layer of the service: correlation id, host → tenant, language, page cache, headers, access log.

It stands before Litestar so that an unknown host, a cached page and a static file cost next to nothing, and so that
every answer, also the framework's own 404 and 500, carries the same headers.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

import structlog
from litestar import Litestar

from app import metrics
from app.errors import bare_page
from app.static import StaticFiles
from kernel.errors import NotFound
from kernel.log import get_logger
from tenancy.tenant import Tenant
from web.page_cache import MARK
from web.site import Services, Site

LANGUAGE_COOKIE = "kuulolla-language"
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CACHED_PATHS = ("/", "/feedback/new", "/published", "/feed.atom", "/feed.json")
MARKED_PATHS = frozenset({"/feedback/new"})
"""Pages that hold the mark, whether they are kept or not."""
CACHED_PREFIXES = ("/published/", "/api/v1/feedback", "/api/v1/categories")

# One list for every answer. `default-src 'none'` and no `unsafe-*`: what a page may load is written out.
SECURITY_HEADERS: list[tuple[bytes, bytes]] = [
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            b"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-embedder-policy", b"require-corp"),
    (b"permissions-policy", b"camera=(), geolocation=(self), microphone=(), payment=(), usb=()"),
]


class Front:
    """The ASGI application that the server runs."""

    def __init__(self, services: Services, inner: Litestar) -> None:
        self._services = services
        self.routes = inner.routes
        """Every route behind this layer, for checks that must miss none."""
        self._inner: Any = inner  # its scope and messages are plain dictionaries here
        self._static = StaticFiles(services.assets, services.configs)
        self._log = get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the server's lifespan)."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        correlation_id = secrets.token_hex(8)
        answer = _Answer(send, correlation_id, without_body=scope["method"] == "HEAD")
        if scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the same answer, without its body (RFC 9110 §9.3.2)
        site: Site | None = None
        structlog.contextvars.clear_contextvars()
        try:
            path = scope["path"]
            if path == "/health/live":
                await answer.complete(200, b"text/plain; charset=utf-8", b"alive\n")
                return
            tenant = self._tenant(headers)
            if tenant is None:
                await answer.complete(404, *bare_page(404, correlation_id))
                return
            if "\x00" in path or b"%00" in scope["query_string"]:
                await answer.complete(400, *bare_page(400, correlation_id))
                return
            if path.startswith("/static/") and await self._static.serve(tenant.slug, scope, answer):
                return
            site = self._site(tenant, scope, headers, correlation_id)
            structlog.contextvars.bind_contextvars(tenant=tenant.slug, correlation_id=correlation_id)
            await self._serve(site, scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            metrics.observe(scope["method"], answer.status, seconds)
            self._log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=answer.status,
                ms=round(seconds * 1000, 1),
                correlation_id=correlation_id,
                tenant=site.tenant.slug if site else None,
                cached=answer.from_cache,
                round_trips=site.round_trips if site else 0,
            )

    def _tenant(self, headers: dict[bytes, bytes]) -> Tenant | None:
        try:
            tenant = self._services.registry.by_host(headers.get(b"host", b"").decode("latin-1"))
            self._services.config_of(tenant)
        except NotFound:
            return None
        return tenant

    def _site(self, tenant: Tenant, scope: Scope, headers: dict[bytes, bytes], correlation_id: str) -> Site:
        config = self._services.config_of(tenant)
        client = scope.get("client")
        return Site(
            tenant=tenant,
            config=config,
            language=choose_language(config.languages, scope["query_string"], headers),
            correlation_id=correlation_id,
            client_address=client[0] if client else "",
            services=self._services,
        )

    async def _serve(self, site: Site, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        cache = self._services.cache
        scope["kuulolla"] = site
        key = _cache_key(site, scope)
        if key is None:
            if scope["method"] == "GET" and scope["path"] in MARKED_PATHS:
                answer.record()
                await self._inner(scope, receive, answer)
                await answer.release(_fresh_key())
            else:
                await self._inner(scope, receive, answer)
            return
        page = cache.find(site.tenant.slug, key)
        if page is None:
            generation = cache.generation(site.tenant.slug)
            answer.record()
            await self._inner(scope, receive, answer)
            if answer.status == 200:  # noqa: PLR2004 - OK, the only status worth keeping
                cache.keep(site.tenant.slug, key, answer.status, answer.headers, answer.recorded, generation)
            await answer.release(_fresh_key())
            return
        answer.from_cache = True
        await answer.replay(page.status, page.headers, page.body(_fresh_key()))


class _Answer:
    """The way back: adds the headers every answer has, and can hold a page back to be kept."""

    def __init__(self, send: Send, correlation_id: str, *, without_body: bool) -> None:
        self._send = send
        self._without_body = without_body
        self._correlation_id = correlation_id.encode()
        self._recording = False
        self._start: Message | None = None
        self._chunks: list[bytes] = []
        self.status = 500
        self.headers: dict[bytes, bytes] = {}
        self.from_cache = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._recording:
                self.headers = {name: value for name, value in message["headers"] if name != b"content-length"}
                self._start = message
                return
            message["headers"] = self._with_ours(list(message["headers"]))
        elif message["type"] == "http.response.body" and self._recording:
            self._chunks.append(message.get("body", b""))
            return
        elif self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    def record(self) -> None:
        """Hold the answer back until `release`."""
        self._recording = True

    @property
    def recorded(self) -> bytes:
        """The body held back."""
        return b"".join(self._chunks)

    async def release(self, fresh: bytes) -> None:
        """Send what was held back, with this visitor's fresh value."""
        self._recording = False
        if self._start is not None:
            await self.replay(self.status, list(self.headers.items()), self.recorded.replace(MARK, fresh))

    async def replay(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Send a whole answer."""
        self.status = status
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": self._with_ours([*headers, (b"content-length", str(len(body)).encode())]),
            }
        )
        await self._send({"type": "http.response.body", "body": b"" if self._without_body else body})

    async def complete(self, status: int, content_type: bytes, body: bytes) -> None:
        """Send a small answer of our own."""
        await self.replay(status, [(b"content-type", content_type)], body)

    def _with_ours(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers += SECURITY_HEADERS
        headers.append((b"x-correlation-id", self._correlation_id))
        if not any(name == b"cache-control" for name, _ in headers):
            headers.append((b"cache-control", b"no-store"))
        return headers


def _fresh_key() -> bytes:
    return secrets.token_hex(16).encode()


def _cache_key(site: Site, scope: Scope) -> str | None:
    """What makes a public page another page; None: this one is not for everybody."""
    if scope["method"] != "GET":
        return None
    path = scope["path"]
    if path not in CACHED_PATHS and not path.startswith(CACHED_PREFIXES):
        return None
    query = scope["query_string"]
    if b"lang=" in query:
        return None  # the answer sets a cookie
    return f"{site.language} {path}?{query.decode('latin-1')}"


def choose_language(languages: tuple[str, ...], query: bytes, headers: dict[bytes, bytes]) -> str:
    """`?lang=`, else the cookie, else what the browser prefers, else the tenant's first language."""
    if b"lang=" in query:
        asked = parse_qs(query.decode("latin-1")).get("lang", [""])[0]
        if asked in languages:
            return asked
    cookie = headers.get(b"cookie")
    if cookie and LANGUAGE_COOKIE.encode() in cookie:
        chosen = read_cookies(cookie).get(LANGUAGE_COOKIE, "")
        if chosen in languages:
            return chosen
    for preferred in headers.get(b"accept-language", b"").decode("latin-1").split(","):
        code = preferred.split(";")[0].strip()[:2].lower()
        if code in languages:
            return code
    return languages[0]


def read_cookies(header: bytes) -> dict[str, str]:
    """Cookies of a request; a header no one can read is none."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header.decode("latin-1")).items()}
    except CookieError:
        return {}
