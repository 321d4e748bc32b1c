"""The form without JavaScript: what a resident sends, what is kept when something is wrong, and the one receipt."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from factories.feedback import PLACED, PLAIN, POINT, UNIT, hidden, tracking_code
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]
CITIES = ("kerava", "jarvenpaa")


def filled(slug: str, key: str = "a key of the form", **fields: str) -> dict[str, str]:
    form = {
        "kind": "question",
        "category": PLAIN[slug],
        "text": "Onko kirjasto auki pyhäinpäivänä?",
        "publication.permission": "none",
        "idempotency_key": key,
        **fields,
    }
    return {name: value for name, value in form.items() if value != ""}


async def stored(services: Services, slug: str) -> list[dict[str, Any]]:
    async with services.database.transaction(services.registry.by_slug(slug)) as session:
        rows = await session.fetch(
            "select f.*, c.email, c.phone from feedback f left join contact c on c.feedback_id = f.id"
        )
    return [dict(row) for row in rows]


@pytest.mark.parametrize("slug", CITIES)
async def test_a_sent_form_is_stored_once_in_its_city_routed_to_its_unit_and_answered_with_a_receipt(
    slug: str, clients: Clients, services: Services
) -> None:
    client = clients(slug)
    key = hidden((await client.get("/feedback/new")).text, "idempotency_key")
    answer = await client.post("/feedback/new", data=filled(slug, key))
    assert answer.status_code == 201
    [row] = await stored(services, slug)
    assert row["reference"] in answer.text
    assert row["unit"] == UNIT[slug]
    assert row["status"] == "received"
    other = next(city for city in CITIES if city != slug)
    assert await stored(services, other) == []


async def test_each_visitor_gets_an_idempotency_key_of_their_own(clients: Clients) -> None:
    client = clients("kerava")
    keys = {hidden((await client.get("/feedback/new")).text, "idempotency_key") for _ in range(5)}
    assert len(keys) == 5


async def test_a_second_click_shows_the_same_receipt_and_stores_nothing_new(
    clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    first = await client.post("/feedback/new", data=filled("kerava"))
    second = await client.post("/feedback/new", data=filled("kerava"))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.text == second.text
    assert len(await stored(services, "kerava")) == 1


async def test_the_same_key_with_other_content_is_a_conflict_and_stores_nothing_new(
    clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    await client.post("/feedback/new", data=filled("kerava"))
    other = await client.post("/feedback/new", data=filled("kerava", text="Jotain aivan muuta kuin äsken."))
    assert other.status_code == 409
    assert len(await stored(services, "kerava")) == 1


async def test_the_tracking_code_is_shown_on_the_receipt_and_stored_only_as_a_hash(
    clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    page = (await client.post("/feedback/new", data=filled("kerava"))).text
    code = tracking_code(page)
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        rows = await session.fetch(
            "select row_to_json(f)::text from feedback f union all select row_to_json(h)::text from history h"
            " union all select row_to_json(a)::text from audit a union all select row_to_json(o)::text from outbox o"
        )
    everything = "".join(row[0] for row in rows)
    assert len(code) == 28
    assert code not in everything
    assert code.replace("-", "") not in everything


BAD_FIELDS = [
    ("kind", ""),
    ("kind", "complaint"),
    ("category", ""),
    ("category", "no-such-topic"),
    ("category", "kadut"),
    ("text", ""),
    ("text", "lyhyt"),
    ("text", "x" * 5001),
    ("location.lat", "north"),
    ("location.lat", "91"),
    ("location.lat", "nan"),
    ("location.lon", "181"),
    ("location.lon", "1e999"),
    ("location.address", "y" * 301),
    ("publication.permission", ""),
    ("publication.permission", "everything"),
    ("contact.email", "not-an-address"),
    ("contact.email", "a@b"),
    ("contact.email", "z" * 250 + "@example.org"),
    ("contact.phone", "call me"),
    ("contact.name", "n" * 201),
]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
async def test_a_bad_field_is_named_beside_it_and_everything_typed_is_kept(
    field: str, value: str, clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    typed = filled(
        "kerava", **{"contact.name": "Maija Meikäläinen", "location.address": "Kauppakaari 11", field: value}
    )
    if field.startswith("location.l"):
        typed.setdefault("location.lat", "60.4")
        typed.setdefault("location.lon", "25.1")
    answer = await client.post("/feedback/new", data=typed)
    assert answer.status_code == 422
    control = field.replace(".", "-")
    assert f'href="#{control}' in answer.text, "the summary leads to the control"
    assert f"{control}-error" in answer.text, "the message stands at the control"
    for name in ("contact.name", "location.address"):
        if name != field:
            assert typed[name] in answer.text
    assert hidden(answer.text, "idempotency_key") == "a key of the form"
    assert await stored(services, "kerava") == []


async def test_all_problems_are_shown_at_once(clients: Clients) -> None:
    answer = await clients("kerava").post("/feedback/new", data={"text": "lyhyt", "contact.email": "x"})
    assert answer.status_code == 422
    for control in ("kind", "category", "text", "publication-permission", "contact-email"):
        assert f'href="#{control}' in answer.text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
async def test_problems_are_told_in_the_readers_language(language: str, clients: Clients) -> None:
    answer = await clients("kerava").post("/feedback/new", data={"text": "x"}, headers={"accept-language": language})
    expected = {"fi": "Valitse aihe", "sv": "Välj ett ämne", "en": "Choose a topic"}[language]
    assert expected in answer.text
    assert f'<html lang="{language}"' in answer.text


async def test_a_topic_that_needs_a_place_is_not_taken_without_one(clients: Clients, services: Services) -> None:
    client = clients("jarvenpaa")
    placed = filled("jarvenpaa", category=PLACED["jarvenpaa"], kind="fault", text="Katu on auraamatta koko matkalta.")
    refused = await client.post("/feedback/new", data=placed)
    lat, lon = POINT["jarvenpaa"]
    taken = await client.post("/feedback/new", data=placed | {"location.lat": str(lat), "location.lon": str(lon)})
    assert (refused.status_code, taken.status_code) == (422, 201)
    [row] = await stored(services, "jarvenpaa")
    assert (row["lat"], row["lon"]) == (lat, lon)


@pytest.mark.parametrize("text", ["nul \x00 in the middle of it", "half a pair \ud800 of characters"])
async def test_characters_the_database_cannot_hold_are_a_problem_of_the_field_and_no_fault_of_ours(
    text: str, clients: Clients
) -> None:
    body = "&".join(f"{name}={value}" for name, value in (filled("kerava", text="TEXT")).items()).replace(
        "TEXT", text.replace(" ", "+").replace("\x00", "%00").replace("\ud800", "%ED%A0%80")
    )
    answer = await clients("kerava").post(
        "/feedback/new", content=body.encode(), headers={"content-type": "application/x-www-form-urlencoded"}
    )
    # Half a character arrives as U+FFFD, which can be kept; a NUL cannot.
    assert answer.status_code in {201, 422}


async def test_a_residents_words_are_shown_as_text_and_never_as_markup(clients: Clients) -> None:
    answer = await clients("kerava").post("/feedback/new", data={"text": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


async def test_a_form_from_another_site_is_refused(clients: Clients, services: Services) -> None:
    client = clients("kerava")
    for header in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        answer = await client.post("/feedback/new", data=filled("kerava"), headers=header)
        assert answer.status_code == 403
    assert await stored(services, "kerava") == []


async def test_a_form_asked_for_in_another_language_has_a_key_of_its_own_too(clients: Clients) -> None:
    client = clients("kerava")
    pages = [(await client.get("/feedback/new?lang=sv")).text for _ in range(3)]
    keys = {hidden(page, "idempotency_key") for page in pages}
    assert len(keys) == 3
    assert not any("@@" in page for page in pages)


async def test_a_mark_that_was_never_replaced_is_nobodys_key(clients: Clients, services: Services) -> None:
    for number in range(2):
        form = filled("kerava", "@@idempotency-key@@", text=f"Kysymys numero {number}, eri ihmiseltä")
        assert (await clients("kerava").post("/feedback/new", data=form)).status_code == 201
    assert len(await stored(services, "kerava")) == 2
