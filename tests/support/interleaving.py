"""Requests of both cities, thousands and at once, through the whole application on a database of the caller's."""

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx

from app.main import create_app
from app.settings import Settings
from auth.actor import Grant, Role
from factories.feedback import PLAIN, UNIT, add_staff, sign_in, submit
from tenancy.session import Database
from web.site import Services

CITIES = ("kerava", "jarvenpaa")
AT_ONCE = 100


@dataclasses.dataclass
class Found:
    """What came of it."""

    asked: Counter[str] = dataclasses.field(default_factory=Counter)
    """How often each request was made, in each city."""
    crossed: list[str] = dataclasses.field(default_factory=list)
    """Answers with something of the other city, without what is one's own, or with an error."""


@dataclasses.dataclass(frozen=True)
class _City:
    slug: str
    client: httpx.AsyncClient
    """Signed in at the desk, and with a feedback of this city open."""
    reference: str
    tracking_code: str

    @property
    def marker(self) -> str:
        return marker(self.slug)

    @property
    def others_marker(self) -> str:
        return marker(next(slug for slug in CITIES if slug != self.slug))


def marker(slug: str) -> str:
    """A word that stands in every text of this city and nowhere else."""
    return f"tunnus7f3a{slug}"


async def interleave(settings: Settings, services: Services, database: Database, *, requests: int) -> Found:
    """Ask in random order, a hundred at once, and look at every answer."""
    found = Found()
    order = random.Random(245186)  # noqa: S311 - a repeatable shuffle
    async with _cities(settings, dataclasses.replace(services, database=database)) as cities:
        for start in range(0, requests, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, requests))
            await asyncio.gather(*(_ask(order.choice(cities), order.choice(KINDS), n, found) for n in numbers))
    return found


@asynccontextmanager
async def _cities(settings: Settings, services: Services) -> AsyncIterator[list[_City]]:
    app = create_app(settings, services)
    async with AsyncExitStack() as stack:
        yield [
            await _city(services, slug, await stack.enter_async_context(_browser(app, slug, services)))
            for slug in CITIES
        ]


def _browser(app: Callable[..., object], slug: str, services: Services) -> httpx.AsyncClient:
    host = services.registry.by_slug(slug).hosts[0]
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # ASGI's own shapes
    return httpx.AsyncClient(transport=transport, base_url=f"https://{host}", headers={"accept-language": "fi"})


async def _city(services: Services, slug: str, client: httpx.AsyncClient) -> _City:
    receipt = await submit(services, slug, text=f"Onko kirjasto auki? {marker(slug)}")
    opened = await client.post("/tracking", data={"tracking_code": receipt.tracking_code})
    assert opened.status_code == 303
    await sign_in(client, await add_staff(services, slug, Grant(Role.HANDLER, unit=UNIT[slug]), Grant(Role.PUBLISHER)))
    return _City(slug, client, receipt.reference, receipt.tracking_code)


def _send(city: _City, number: int) -> httpx.Request:
    body = {
        "kind": "question", "category": PLAIN[city.slug], "text": f"Kysymys {number} {city.marker}",
        "publication": {"permission": "none"},
    }  # fmt: skip
    headers = {"idempotency-key": f"interleaved {number}"}
    return city.client.build_request("POST", "/api/v1/feedback", json=body, headers=headers)


def _track(city: _City, _: int) -> httpx.Request:
    return city.client.build_request("POST", "/api/v1/tracking", json={"tracking_code": city.tracking_code})


def _own_page(city: _City, _: int) -> httpx.Request:
    return city.client.build_request("GET", "/tracking/feedback")


def _desk_page(city: _City, _: int) -> httpx.Request:
    return city.client.build_request("GET", f"/desk/feedback/{city.reference}")


def _public_list(city: _City, _: int) -> httpx.Request:
    return city.client.build_request("GET", "/api/v1/feedback")


# Some more often than others: what costs much less time tells as much about what crosses.
_Kind = Callable[[_City, int], httpx.Request]
KINDS: list[_Kind] = [*[_send] * 5, *[_track] * 5, *[_public_list] * 5, *[_own_page] * 3, _desk_page]
ANSWERS: dict[_Kind, int] = {_send: 201, _track: 200, _own_page: 200, _desk_page: 200, _public_list: 200}
SHOW_OWN: set[_Kind] = {_track, _own_page, _desk_page}


async def _ask(city: _City, kind: _Kind, number: int, found: Found) -> None:
    answer = await city.client.send(kind(city, number))
    found.asked[f"{kind.__name__} {city.slug}"] += 1
    if answer.status_code != ANSWERS[kind]:
        found.crossed.append(f"{kind.__name__} {city.slug}: {answer.status_code}")
    if city.others_marker in answer.text or (kind in SHOW_OWN and city.marker not in answer.text):
        found.crossed.append(f"{kind.__name__} {city.slug} shows another's")
    if kind is _send and not answer.json().get("reference", "").startswith(city.reference[:4]):
        found.crossed.append(f"{kind.__name__} {city.slug} was received as {answer.json()}")


async def misplaced(services: Services) -> list[str]:
    """Stored texts that lie in the other city, looked up on the caller's connections."""
    wrong: list[str] = []
    for slug in CITIES:
        async with services.database.transaction(services.registry.by_slug(slug)) as session:
            rows = await session.fetch("select text from feedback where position($1 in text) = 0", marker(slug))
        wrong += [f"{slug} holds {row['text']}" for row in rows]
    return wrong
