"""Feedback made through the real use cases: the test says what matters to it, the rest is plain."""

import itertools
from typing import Any

import httpx

from auth.accounts import NewStaff, create_staff
from auth.actor import Grant, Role, System
from feedback import intake
from feedback.intake import Receipt
from feedback.submission import Submission
from web.site import Services

TEST = System("tests")
PASSWORD = "pitkä ja hyvä salasana"
_numbers = itertools.count(1)

# A category of each city that needs no place, one that needs one, and one that is never published.
PLAIN = {"kerava": "kirjasto", "jarvenpaa": "kirjasto"}
UNIT = {"kerava": "kirjasto", "jarvenpaa": "kirjasto_kulttuuri"}
PLACED = {"kerava": "auraus", "jarvenpaa": "talvihoito"}
NEVER = {"kerava": "tyollisyys", "jarvenpaa": "tyollisyys"}
POINT = {"kerava": (60.4030, 25.1050), "jarvenpaa": (60.4738, 25.0899)}


def make_submission(slug: str, **fields: Any) -> Submission:
    """A question about the library, in Finnish, that may be published anonymously."""
    return Submission(
        **{
            "kind": "question",
            "category": PLAIN[slug],
            "text": "Onko kirjasto auki pyhäinpäivänä?",
            "language": "fi",
            "lat": None,
            "lon": None,
            "address": None,
            "permission": "anonymous",
            "nickname": None,
            "name": None,
            "email": None,
            "phone": None,
            "wants_reply": True,
            "channel": "web",
            **fields,
        }
    )


async def submit(services: Services, slug: str, *, key: str | None = None, **fields: Any) -> Receipt:
    """A feedback that has arrived, committed."""
    tenant = services.registry.by_slug(slug)
    async with services.database.transaction(tenant) as session:
        return await intake.submit(
            services.feedback_context(session, "test"),
            TEST,
            make_submission(slug, **fields),
            idempotency_key=key or f"factory {next(_numbers)}",
        )


async def add_staff(services: Services, slug: str, *grants: Grant) -> str:
    """A staff member with a password; their e-mail address. Without grants: handler of the plain category's unit."""
    email = f"staff{next(_numbers)}@{slug}.example"
    tenant = services.registry.by_slug(slug)
    async with services.database.transaction(tenant) as session:
        await create_staff(
            session,
            services.clock,
            TEST,
            NewStaff(
                email=email,
                name="Testaaja Testi",
                language="fi",
                grants=grants or (Grant(Role.HANDLER, unit=UNIT[slug]),),
                password=PASSWORD,
            ),
            correlation_id="test",
        )
    return email


async def sign_in(client: httpx.AsyncClient, email: str) -> None:
    """Sign in through the login page; the client keeps the cookie."""
    answer = await client.post("/desk/login", data={"email": email, "password": PASSWORD})
    assert answer.status_code == 303, answer.text


def hidden(page: str, name: str) -> str:
    """Value of a hidden field of a page."""
    for part in page.split("<input")[1:]:
        tag = part.split(">", 1)[0]
        if f'name="{name}"' in tag:
            return tag.split('value="', 1)[1].split('"', 1)[0]
    raise AssertionError(f"the page has no field {name}")


def tracking_code(page: str) -> str:
    """The code a receipt page shows."""
    return page.split('id="tracking-code"', 1)[1].split(">", 1)[1].split("<", 1)[0].strip()
