"""Every route of the application, taken from the application itself, is asked for the other city's things."""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from PIL import Image

from app.front import Front
from auth.actor import Grant, Role
from factories.feedback import PASSWORD, UNIT, add_staff, hidden, sign_in, tracking_code
from web.pages.desk import ACTS
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]
MARKER = "Tämä on Keravan oma salaisuus 7f3a"
ALL_ROLES = [Grant(Role.PUBLISHER), Grant(Role.ADMIN), Grant(Role.AUDITOR)]


@dataclass
class Planted:
    """A feedback of the first city with everything a feedback can have, and the ways in to it."""

    reference: str
    tracking_code: str
    photo_id: int
    message_id: int
    client: httpx.AsyncClient
    """Signed in at the desk and with the feedback's own page open."""


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
async def planted(clients: Clients, services: Services) -> Planted:
    slug = "kerava"
    resident = clients(slug)
    page = await resident.post(
        "/feedback/new",
        data={
            "kind": "question", "category": "kirjasto", "text": MARKER, "publication.permission": "nickname",
            "publication.nickname": "Nimimerkki 7f3a", "idempotency_key": "planted", "contact.email": "own@example.org",
        },
        files={"photos": ("kuva.jpg", a_photo(), "image/jpeg")},
    )  # fmt: skip
    assert page.status_code == 201, page.text
    code = tracking_code(page.text)
    opened = await resident.post("/tracking", data={"tracking_code": code})
    assert opened.status_code == 303
    email = await add_staff(
        services, slug, Grant(Role.HANDLER, unit=UNIT[slug]), Grant(Role.LEAD, department="elinvoima"), *ALL_ROLES
    )
    await sign_in(resident, email)
    async with services.database.transaction(services.registry.by_slug(slug)) as session:
        row = await session.fetch_row("select f.reference, p.id from feedback f join photo p on p.feedback_id = f.id")
    assert row is not None
    reference = row["reference"]
    desk = await resident.get(f"/desk/feedback/{reference}")
    assert MARKER in desk.text, "the credentials are good in their own city"
    answered = await resident.post(
        f"/desk/feedback/{reference}/answer",
        data={"csrf_token": hidden(desk.text, "csrf_token"), "version": "1", "text": "Vastaus 7f3a"},
    )
    assert answered.status_code == 303
    async with services.database.transaction(services.registry.by_slug(slug)) as session:
        message = await session.fetch_row("select id from message")
    assert message is not None
    for target, text in (("feedback", MARKER), (str(message["id"]), "Vastaus 7f3a")):
        published = await resident.post(
            f"/desk/publication/{reference}/publish",
            data={
                "csrf_token": hidden(desk.text, "csrf_token"), "target": target, "version": "0", "public_text": text
            },
        )  # fmt: skip
        assert published.status_code == 303, published.text
    assert MARKER in (await resident.get(f"/published/{reference}")).text
    return Planted(reference, code, row["id"], message["id"], resident)


def every_request(app: Front, planted: Planted) -> Iterator[tuple[str, str]]:
    """(method, path) of every route, with the first city's ids in their places."""
    for route in app.routes:
        methods = sorted(getattr(route, "methods", None) or {"GET"})
        path = re.sub(r"\{reference(:\w+)?\}", planted.reference, route.path)
        path = re.sub(r"\{photo_id(:\w+)?\}", str(planted.photo_id), path)
        path = path.replace("/openapi.json/{path:str}", "/openapi.json")  # the framework's route to the document
        for method in methods:
            if method in {"OPTIONS", "HEAD"}:
                continue
            if "{act" in path:
                for act in (*ACTS, "read_contact"):
                    yield method, re.sub(r"\{act(:\w+)?\}", act, path)
            elif "{decision" in path:
                for decision in ("publish", "withhold", "unpublish"):
                    yield method, re.sub(r"\{decision(:\w+)?\}", decision, path)
            else:
                assert "{" not in path, f"a route with a parameter this walk does not know: {path}"
                yield method, path


async def test_every_route_asked_for_the_other_citys_things_says_404_403_or_shows_nothing_of_them(
    app: Front, planted: Planted, services: Services
) -> None:
    walked = 0
    own = planted.client
    token = hidden((await own.get(f"/desk/feedback/{planted.reference}")).text, "csrf_token")
    # The very cookies of the first city, sent to the second: as a person would who edits the host in the address.
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in own.cookies.jar)
    assert "kuulolla-staff" in cookies
    assert "kuulolla-resident" in cookies
    fields = {
        "csrf_token": token, "version": "2", "text": "Muutettu toisesta kaupungista",
        "tracking_code": planted.tracking_code,
        "target": "feedback", "public_text": "Muutettu", "reason": "other", "unit": "info", "cover_note": "x" * 20,
        "publication.permission": "none", "into": planted.reference, "email": "own@example.org", "password": PASSWORD,
    }  # fmt: skip
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, raise_app_exceptions=False), base_url="https://jarvenpaa.test"
    ) as other:
        for method, path in every_request(app, planted):
            body = {"tracking_code": planted.tracking_code} if path.startswith("/api/") else None
            answer = await other.request(
                method,
                path,
                headers={"cookie": cookies, "accept": "text/html"},
                json=body if method == "POST" else None,
                data=fields if method == "POST" and body is None else None,
            )
            walked += 1
            assert answer.status_code < 500, f"{method} {path}: {answer.status_code}"
            for secret in (MARKER, "7f3a", "own@example.org"):
                if secret == "own@example.org" and path == "/desk/login":
                    continue  # the login page shows what was typed into it
                assert secret not in answer.text, f"{method} {path} shows {secret}"
            if planted.reference in path or "/photos/" in path:
                refused = answer.status_code in {401, 403, 404} or answer.headers.get("location", "").startswith(
                    ("/desk/login", "/tracking")
                )
                assert refused, f"{method} {path}: {answer.status_code} {answer.headers.get('location')}"
    assert walked > 40
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        row = await session.fetch_row("select version, permission, status from feedback")
    assert tuple(row or ()) == (2, "nickname", "answered"), "nothing was changed from the other city"


async def test_every_route_is_refused_to_somebody_not_signed_in_unless_it_is_public(
    app: Front, planted: Planted, clients: Clients
) -> None:
    stranger = clients("kerava")
    for method, path in every_request(app, planted):
        if not path.startswith("/desk") or path == "/desk/login":
            continue
        answer = await stranger.request(method, path)
        assert answer.status_code in {303, 401, 403, 404}, f"{method} {path}: {answer.status_code}"
        assert "7f3a" not in answer.text
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/desk/login")


async def test_staff_without_the_unit_see_neither_list_nor_detail_nor_photo_nor_may_act(
    app: Front, planted: Planted, services: Services, clients: Clients
) -> None:
    email = await add_staff(services, "kerava", Grant(Role.HANDLER, unit="kunnossapito"))
    client = clients("kerava")
    await sign_in(client, email)
    inbox = await client.get("/desk?section=all")
    assert inbox.status_code == 200
    assert "7f3a" not in inbox.text
    assert planted.reference not in inbox.text
    found = await client.get(f"/desk?q={planted.reference}")
    assert f'/desk/feedback/{planted.reference}"' not in found.text
    token = hidden(inbox.text, "csrf_token")
    for method, path in every_request(app, planted):
        if path.startswith("/desk/") and (planted.reference in path or "photos" in path):
            answer = await client.request(
                method,
                path,
                data={"csrf_token": token, "version": "2", "text": "Tekstiä tarpeeksi", "target": "feedback"},
            )
            assert answer.status_code in {403, 404}, f"{method} {path}: {answer.status_code}"
            assert "7f3a" not in answer.text
