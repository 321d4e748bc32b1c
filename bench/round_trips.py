"""How often each page goes to the database: every GET route of the application, and intake in all its forms.

Counted twice, by the service's own counter (the access log's figure) and on the wire (`bench.wire`). A first walk lets
the one connection prepare its statements; the second is what a page costs from then on.
"""

import dataclasses
import io
import re
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import httpx
from PIL import Image

from app.front import Front
from app.main import create_app
from app.settings import Settings
from auth.accounts import NewStaff, create_staff
from auth.actor import Grant, Role, Staff, System
from bench.wire import Wire
from feedback import handling
from publication import service as publication
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant
from web.page_cache import PageCache
from web.site import Services, Site

PAGE_MOST, INTAKE_MOST = 6, 4
PLANTED = 6
"""So many of each, that a query for each row would show."""
CATEGORY = "kirjasto"
PASSWORD = "pitkä ja hyvä salasana"  # noqa: S105 - of an account that lives for one walk
MEASURER = System("bench")
QUERIES = {
    "/published": ("?kind=question", "?q=kirjasto"),
    "/desk": ("?section=all&q=kirjasto", "?section=mine"),
    "/api/v1/feedback": ("?limit=2", "?q=kirjasto"),
    "/feedback/new": ("?kind=question", "?lang=sv"),
}
"""Pages that ask the database something else when they are filtered."""


@dataclasses.dataclass(frozen=True)
class Cost:
    """What one request took."""

    request: str
    route: str
    status: int
    counted: int
    """By the service, for the access log."""
    on_the_wire: int
    most: int
    """The bar."""

    @property
    def round_trips(self) -> int:
        """The larger of the two counts."""
        return max(self.counted, self.on_the_wire)

    @property
    def is_within(self) -> bool:
        """Whether neither count passes the bar."""
        return self.round_trips <= self.most


async def measure(settings: Settings, services: Services, tenant: Tenant) -> list[Cost]:
    """Cost of every GET route and of intake, in one tenant, with a staff member and a sender signed in."""
    async with Wire(settings.database_url) as wire, Database(wire.url, pool_size=1) as database:
        own = dataclasses.replace(services, database=database, cache=PageCache(0))
        app = _Noting(create_app(settings, own))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=f"https://{tenant.hosts[0]}",
            headers={"accept": "text/html"},
        ) as client:
            walk = _Walk(app, client, wire, await _plant(own, tenant, client))
            await walk.once("first")  # the one connection prepares its statements
            return await walk.once("second")


@dataclasses.dataclass(frozen=True)
class _Planted:
    """What the routes' parameters stand for."""

    reference: str
    photo_id: int
    csrf_token: str


class _Noting:
    """The application, and the site of its last request."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.site: Site | None = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        self.site = None
        await self.front(_Scope(scope, self), receive, send)


class _Scope(dict[str, Any]):
    """A scope that tells which site the application put into it."""

    def __init__(self, scope: MutableMapping[str, Any], noting: _Noting) -> None:
        super().__init__(scope)
        self._noting = noting

    def __setitem__(self, key: str, value: Any) -> None:
        if isinstance(value, Site):
            self._noting.site = value
        super().__setitem__(key, value)


class _Walk:
    """One request after the other, each with what it cost."""

    def __init__(self, app: _Noting, client: httpx.AsyncClient, wire: Wire, planted: _Planted) -> None:
        self._app = app
        self._client = client
        self._wire = wire
        self._planted = planted

    async def once(self, name: str) -> list[Cost]:
        """Everything once; `name` makes its feedback other than that of the other walk."""
        costs = []
        for route, path in self._pages():
            costs.append(await self._ask(f"GET {path}", route, PAGE_MOST, self._client.build_request("GET", path)))
        costs += [await self._refusal(*case) for case in self._refusals()]
        known = httpx.Cookies(self._client.cookies)
        for sender in ("returning sender", "stranger"):
            costs += await self._arrivals(name, sender)
            self._client.cookies.clear()
        self._client.cookies = known
        return costs

    async def _arrivals(self, name: str, sender: str) -> list[Cost]:
        """Intake by the API and by the form, new, repeated and with a photo."""
        costs = [await self._intake(f"{name} {sender}", said) for said in ("new", "repeated")]
        for said, files in (("new", None), ("repeated", None), ("with a photo", _photo())):
            costs.append(await self._form(f"{name} {sender}", said, files))
        return [dataclasses.replace(cost, request=f"{cost.request}, {sender}") for cost in costs]

    def _refusals(self) -> Iterator[tuple[str, dict[str, str], int]]:
        """(path, fields, status) of pages that are shown in answer to a POST."""
        desk, queue = f"/desk/feedback/{self._planted.reference}", f"/desk/publication/{self._planted.reference}"
        yield "/feedback/new", {"kind": "question", "text": ""}, 422
        yield "/tracking", {"tracking_code": "nonsense"}, 422
        yield "/tracking/feedback/message", {"text": ""}, 422
        yield f"{desk}/comment", {"version": "2", "text": ""}, 422
        yield f"{desk}/comment", {"version": "1", "text": "Toinen ehti ensin."}, 409
        yield f"{desk}/read_contact", {}, 200
        yield f"{queue}/publish", {"target": "feedback", "version": "1", "public_text": ""}, 422

    def _pages(self) -> Iterator[tuple[str, str]]:
        """(route, path) of each GET route, from the application itself."""
        for route in self._app.front.routes:
            if "GET" not in (getattr(route, "methods", None) or ()):
                continue
            path = re.sub(r"\{reference(:\w+)?\}", self._planted.reference, route.path)
            path = re.sub(r"\{photo_id(:\w+)?\}", str(self._planted.photo_id), path)
            path = path.replace("/openapi.json/{path:str}", "/openapi.json")  # the framework's second way to it
            if "{" in path:
                raise LookupError(f"a parameter this walk does not know: {path}")
            yield route.path, path
            for query in QUERIES.get(path, ()):
                yield route.path, path + query

    async def _refusal(self, path: str, fields: dict[str, str], status: int) -> Cost:
        request = self._client.build_request("POST", path, data=fields | {"csrf_token": self._planted.csrf_token})
        return await self._ask(f"POST {path} → {status}", path, PAGE_MOST, request)

    async def _intake(self, name: str, said: str) -> Cost:
        body = {
            "kind": "question", "category": CATEGORY, "text": "Onko kirjasto auki pyhäinpäivänä?",
            "publication": {"permission": "anonymous"}, "contact": {"email": "own@example.org"}, "wants_reply": True,
        }  # fmt: skip
        request = self._client.build_request(
            "POST", "/api/v1/feedback", json=body, headers={"Idempotency-Key": f"{name} API"}
        )
        return await self._ask(f"POST /api/v1/feedback, {said}", "/api/v1/feedback", INTAKE_MOST, request)

    async def _form(self, name: str, said: str, files: dict[str, Any] | None) -> Cost:
        form = _form_fields(f"{name} {bool(files)}")
        request = self._client.build_request("POST", "/feedback/new", data=form, files=files)
        return await self._ask(f"POST /feedback/new, {said}", "/feedback/new", INTAKE_MOST, request)

    async def _ask(self, what: str, route: str, most: int, request: httpx.Request) -> Cost:
        before = self._wire.count
        answer = await self._client.send(request)
        counted = self._app.site.round_trips if self._app.site else 0
        return Cost(what, route, answer.status_code, counted, self._wire.count - before, most)


async def _plant(services: Services, tenant: Tenant, client: httpx.AsyncClient) -> _Planted:
    """Feedback with photos, answered and published; the client is signed in at the desk and has opened the last."""
    for number in range(PLANTED):
        page = await client.post("/feedback/new", data=_form_fields(f"planted {number}"), files=_photo())
        if page.status_code != httpx.codes.CREATED:
            raise RuntimeError(page.text)
    code = re.search(r'id="tracking-code"[^>]*>\s*([^<\s]+)', page.text)
    if code is None:
        raise RuntimeError("the receipt shows no tracking code")
    await client.post("/tracking", data={"tracking_code": code.group(1)})
    async with services.database.transaction(tenant) as session:
        rows = await session.fetch(
            "select f.reference, f.unit, p.id as photo_id from feedback f join photo p on p.feedback_id = f.id"
            " order by f.id"
        )
        staff = await _add_staff(services, tenant, session, rows[0]["unit"])
    config = services.config_of(tenant).publication
    for row in rows:
        async with services.database.transaction(tenant) as session:
            ctx = services.feedback_context(session, "bench")
            said = await handling.answer(ctx, staff, row["reference"], 1, "Kirjasto on auki kello 10-16.")
            for message_id in (None, said.message_id):
                await publication.publish(
                    ctx, config, (), staff, row["reference"], message_id=message_id, version=0,
                    public_text="Julkinen teksti, jossa ei ole mitään henkilökohtaista.",
                )  # fmt: skip
    await client.post("/desk/login", data={"email": staff.email, "password": PASSWORD})
    reference = rows[-1]["reference"]
    page = await client.get(f"/desk/feedback/{reference}")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    if token is None:
        raise RuntimeError(f"the staff member is not signed in: {page.status_code}")
    return _Planted(reference, rows[-1]["photo_id"], token.group(1))


async def _add_staff(services: Services, tenant: Tenant, session: TenantSession, unit: str) -> Staff:
    grants = (Grant(Role.HANDLER, unit=unit), Grant(Role.PUBLISHER), Grant(Role.ADMIN))
    email = f"walker@{tenant.slug}.example"
    new = NewStaff(email=email, name="Walker", grants=grants, password=PASSWORD)
    staff_id = await create_staff(session, services.clock, MEASURER, new, correlation_id="bench")
    return Staff(id=staff_id, email=email, name=new.name, language="fi", grants=grants, session_hash=b"")


def _form_fields(key: str) -> dict[str, str]:
    return {
        "kind": "question", "category": CATEGORY, "text": "Onko kirjasto auki pyhäinpäivänä?", "idempotency_key": key,
        "publication.permission": "anonymous", "contact.email": "own@example.org", "wants_reply": "on",
    }  # fmt: skip


def _photo() -> dict[str, Any]:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return {"photos": ("kuva.jpg", out.getvalue(), "image/jpeg")}
