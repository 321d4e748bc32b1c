"""How often a page goes to the database: at most six times, intake at most four; the transaction itself counts."""

import dataclasses
import io

import httpx
import pytest
from PIL import Image

from app.front import Front
from app.main import create_app
from app.settings import Settings
from auth.actor import Grant, Role
from factories.feedback import PLAIN, UNIT, add_staff, sign_in, tracking_code
from web.site import Services, Site

PAGE_MOST, INTAKE_MOST = 6, 4


class Counting:
    """The application, and what its last request cost."""

    def __init__(self, app: Front) -> None:
        self._app = app
        self.last: int | None = None

    async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
        kept: dict[str, Site] = {}
        await self._app(_Noting(scope, kept), receive, send)  # type: ignore[arg-type]  # ASGI's own shapes
        site = kept.get("kuulolla")
        self.last = site.round_trips if site else 0


class _Noting(dict[str, object]):
    """A scope that tells what the application put into it."""

    def __init__(self, scope: dict[str, object], kept: dict[str, Site]) -> None:
        super().__init__(scope)
        self._kept = kept

    def __setitem__(self, key: str, value: object) -> None:
        if isinstance(value, Site):
            self._kept[key] = value
        super().__setitem__(key, value)


@pytest.fixture
def counting(settings: Settings, services: Services) -> Counting:
    return Counting(create_app(settings, dataclasses.replace(services)))


@pytest.mark.usefixtures("clients")
async def test_no_page_makes_more_than_six_round_trips_and_intake_no_more_than_four(
    counting: Counting, services: Services
) -> None:
    slug = "kerava"
    out = io.BytesIO()
    Image.new("RGB", (40, 30)).save(out, "JPEG")
    form = {
        "kind": "question", "category": PLAIN[slug], "text": "Onko kirjasto auki pyhäinpäivänä?",
        "publication.permission": "anonymous", "contact.email": "own@example.org",
    }  # fmt: skip
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=counting),  # type: ignore[arg-type]  # ASGI's own shapes
        base_url=f"https://{slug}.test",
        headers={"accept": "text/html"},
    ) as client:
        plain = await client.post("/feedback/new", data=form | {"idempotency_key": "a"})
        assert plain.status_code == 201
        assert counting.last is not None
        assert 0 < counting.last <= INTAKE_MOST
        photo = {"photos": ("k.jpg", out.getvalue(), "image/jpeg")}
        await client.post("/feedback/new", data=form | {"idempotency_key": "b"}, files=photo)
        assert 0 < counting.last <= INTAKE_MOST
        replay = await client.post("/feedback/new", data=form | {"idempotency_key": "a"})
        assert replay.status_code == 200
        assert 0 < counting.last <= INTAKE_MOST

        await client.post("/tracking", data={"tracking_code": tracking_code(plain.text)})
        roles = (Grant(Role.HANDLER, unit=UNIT[slug]), Grant(Role.PUBLISHER))
        await sign_in(client, await add_staff(services, slug, *roles))
        reference = (await client.get("/desk")).text.split('href="/desk/feedback/', 1)[1].split('"', 1)[0]
        costs: dict[str, int | None] = {}
        for path in (
            "/", "/feedback/new", "/tracking", "/tracking/feedback", "/published", "/published?kind=question",
            "/feed.atom", "/feed.json", "/api/v1/feedback", "/api/v1/categories", "/desk/login", "/desk",
            "/desk?section=all&q=kirjasto", f"/desk/feedback/{reference}", "/desk/publication",
            f"/desk/publication/{reference}", "/desk/photos/1", "/health/ready",
        ):  # fmt: skip
            answer = await client.get(path)
            assert answer.status_code == 200, path
            costs[path] = counting.last
        assert {path: cost for path, cost in costs.items() if cost is None or cost > PAGE_MOST} == {}
        assert costs["/desk"] == costs["/desk?section=all&q=kirjasto"]
        assert costs["/feedback/new"] == 0, "the form needs no database"


def test_this_file_knows_every_page(app: Front) -> None:
    paths = {route.path for route in app.routes if "GET" in (getattr(route, "methods", None) or ())}
    known = {
        "/", "/feedback/new", "/tracking", "/tracking/feedback", "/tracking/photos/{photo_id:int}", "/published",
        "/published/{reference:str}", "/feed.atom", "/feed.json", "/desk", "/desk/login",
        "/desk/feedback/{reference:str}",
        "/desk/photos/{photo_id:int}", "/desk/publication", "/desk/publication/{reference:str}", "/health/ready",
        "/api/v1/categories", "/api/v1/feedback", "/api/v1/feedback/{reference:str}", "/api/v1/openapi.json",
        "/api/v1/openapi.json/{path:str}", "/api/v1/openapi.json/openapi.json",
    }  # fmt: skip
    assert paths - known == set()
