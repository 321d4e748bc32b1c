"""The fixed interfaces of the API, word for word."""

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from auth.actor import Grant, Role
from factories.feedback import PLAIN, UNIT, add_staff, hidden, sign_in
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]
CITIES = ("kerava", "jarvenpaa")


def body(slug: str, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "question",
        "category": PLAIN[slug],
        "text": "Onko kirjasto auki pyhäinpäivänä?",
        "language": "fi",
        "location": {"lat": 60.4, "lon": 25.1, "address": "Paasikivenkatu"},
        "publication": {"permission": "nickname", "nickname": "Lukija"},
        "contact": {"name": "Maija", "email": "own@example.org", "phone": "040 1234567"},
        "wants_reply": True,
        **fields,
    }


async def post(client: httpx.AsyncClient, payload: Any, key: str | None = "key-1") -> httpx.Response:
    return await client.post("/api/v1/feedback", json=payload, headers={"Idempotency-Key": key} if key else {})


@pytest.mark.parametrize("slug", CITIES)
async def test_sent_feedback_is_answered_with_the_receipt(slug: str, clients: Clients) -> None:
    answer = await post(clients(slug), body(slug))
    assert answer.status_code == 201
    assert set(answer.json()) == {"reference", "tracking_code", "status", "unit", "due_at", "answer_promised"}
    assert answer.json() | {"reference": "", "tracking_code": "", "due_at": ""} == {
        "reference": "", "tracking_code": "", "status": "received", "unit": UNIT[slug], "due_at": "",
        "answer_promised": True,
    }  # fmt: skip
    assert len(answer.json()["tracking_code"].replace("-", "")) == 23


async def test_the_same_key_again_gets_the_same_body_and_200_also_after_it_was_handled(
    clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    first = await post(client, body("kerava"))
    staff = clients("kerava")
    await sign_in(staff, await add_staff(services, "kerava"))
    page = await staff.get(f"/desk/feedback/{first.json()['reference']}")
    await staff.post(
        f"/desk/feedback/{first.json()['reference']}/transfer",
        data={
            "csrf_token": hidden(page.text, "csrf_token"),
            "version": "1",
            "unit": "asiointipiste",
            "cover_note": "Teille",
        },
    )
    again = await post(client, body("kerava"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


async def test_the_same_key_with_another_body_is_a_conflict(clients: Clients) -> None:
    client = clients("kerava")
    await post(client, body("kerava"))
    other = await post(client, body("kerava", text="Aivan toinen asia kuin äsken"))
    assert other.status_code == 409
    assert other.json()["code"] == "idempotency_key_reused"


async def test_a_key_of_one_city_is_nothing_in_the_other(clients: Clients) -> None:
    first = await post(clients("kerava"), body("kerava"))
    second = await post(clients("jarvenpaa"), body("jarvenpaa"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["tracking_code"] != second.json()["tracking_code"]


async def test_problems_come_as_problem_json_with_paths_and_codes(clients: Clients) -> None:
    answer = await post(clients("kerava"), {"kind": "x", "text": "short", "location": {"lat": 100, "lon": 25}})
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] == "invalid"
    assert {(error["path"], error["code"]) for error in problem["errors"]} == {
        ("kind", "unknown_value"),
        ("category", "required"),
        ("text", "too_short"),
        ("location.lat", "no_coordinate"),
        ("publication.permission", "required"),
    }
    assert all(error["message"] for error in problem["errors"])
    assert problem["correlation_id"] == answer.headers["x-correlation-id"]


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "text",
        None,
        {"kind": 5},
        {"text": {"a": 1}},
        {"location": "here"},
        {"location": {"lat": "north"}},
        {"contact": {"email": ["a"]}},
        {"wants_reply": "perhaps"},
        {"publication": {"permission": True}},
    ],
)
async def test_a_body_of_the_wrong_shape_is_refused_and_never_a_fault_of_ours(payload: Any, clients: Clients) -> None:
    answer = await post(clients("kerava"), payload)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b'{"text": "\\ud800"}', b'{"location": {"lat": NaN, "lon": 1}}']
)
async def test_a_body_that_is_no_json_is_refused(raw: bytes, clients: Clients) -> None:
    answer = await clients("kerava").post("/api/v1/feedback", content=raw, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}


async def test_tracking_shows_the_own_state_by_the_code_in_the_body(clients: Clients) -> None:
    client = clients("kerava")
    receipt = (await post(client, body("kerava"))).json()
    answer = await client.post("/api/v1/tracking", json={"tracking_code": receipt["tracking_code"]})
    assert answer.status_code == 200
    assert answer.json()["reference"] == receipt["reference"]
    assert answer.json()["text"] == body("kerava")["text"]
    unknown = await client.post("/api/v1/tracking", json={"tracking_code": "0" * 23})
    malformed = await client.post("/api/v1/tracking", json={"tracking_code": "nonsense"})
    elsewhere = await clients("jarvenpaa").post("/api/v1/tracking", json={"tracking_code": receipt["tracking_code"]})
    assert {unknown.status_code, malformed.status_code, elsewhere.status_code} == {404}
    assert unknown.json()["code"] == malformed.json()["code"] == "unknown_tracking_code"


@pytest.mark.parametrize("slug", CITIES)
async def test_the_category_tree_has_the_promised_fields(slug: str, clients: Clients) -> None:
    tree = (await clients(slug).get("/api/v1/categories")).json()
    leaves = [leaf for group in tree for leaf in group["children"]]
    assert PLAIN[slug] in {leaf["code"] for leaf in leaves}
    for leaf in leaves:
        assert set(leaf) == {"code", "name", "location", "kinds", "answer_working_days", "publish"}
        assert set(leaf["name"]) == {"fi", "sv", "en"}


async def publish(clients: Clients, services: Services, count: int) -> list[str]:
    client, desk = clients("kerava"), clients("kerava")
    await sign_in(desk, await add_staff(services, "kerava", Grant(Role.PUBLISHER)))
    references = []
    for number in range(count):
        receipt = (await post(client, body("kerava"), f"publish {number}")).json()
        page = await desk.get(f"/desk/publication/{receipt['reference']}")
        form = {"csrf_token": hidden(page.text, "csrf_token"), "target": "feedback", "version": "0"}
        await desk.post(
            f"/desk/publication/{receipt['reference']}/publish",
            data={**form, "public_text": f"Julkinen {number} & <b>"},
        )
        references.append(receipt["reference"])
    return references


async def test_published_feedback_is_paged_by_cursor_without_gaps_or_repeats(
    clients: Clients, services: Services
) -> None:
    references = await publish(clients, services, 5)
    client, seen, cursor = clients("kerava"), [], ""
    while True:
        page = (
            await client.get("/api/v1/feedback", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [item["reference"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == references[::-1]
    assert (await clients("jarvenpaa").get("/api/v1/feedback")).json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("query", ["cursor=xyz", "cursor=%FF", "limit=0", "limit=1000", "limit=many"])
async def test_a_bad_query_is_refused(query: str, clients: Clients) -> None:
    answer = await clients("kerava").get(f"/api/v1/feedback?{query}")
    assert answer.status_code == 422


async def test_the_public_copy_holds_no_contact_data(clients: Clients, services: Services) -> None:
    [reference] = await publish(clients, services, 1)
    answer = await clients("kerava").get(f"/api/v1/feedback/{reference}")
    assert answer.json()["nickname"] == "Lukija"
    for secret in ("own@example.org", "040 1234567", "Maija", "Paasikivenkatu"):
        assert secret not in answer.text


async def test_the_feeds_are_well_formed_and_escape_what_residents_write(clients: Clients, services: Services) -> None:
    await publish(clients, services, 2)
    atom = await clients("kerava").get("/feed.atom")
    assert atom.headers["content-type"].startswith("application/atom+xml")
    feed_element = ET.fromstring(atom.content)  # noqa: S314 - our own feed
    entries = feed_element.findall("{http://www.w3.org/2005/Atom}entry")
    assert [entry.findtext("{http://www.w3.org/2005/Atom}content") for entry in entries] == [
        "Julkinen 1 & <b>",
        "Julkinen 0 & <b>",
    ]
    feed = (await clients("kerava").get("/feed.json")).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["content_text"] for item in feed["items"]] == ["Julkinen 1 & <b>", "Julkinen 0 & <b>"]


async def test_the_openapi_document_lists_the_public_api_and_nothing_else(clients: Clients) -> None:
    document = (await clients("kerava").get("/api/v1/openapi.json")).json()
    assert set(document["paths"]) == {
        "/api/v1/categories",
        "/api/v1/feedback",
        "/api/v1/feedback/{reference}",
        "/api/v1/tracking",
    }


async def test_an_unknown_address_of_the_api_is_a_problem_and_an_unknown_page_a_page(clients: Clients) -> None:
    client = clients("kerava")
    api, page = await client.get("/api/v1/nothing"), await client.get("/nothing")
    assert (api.status_code, page.status_code) == (404, 404)
    assert api.json()["code"] == "not_found"
    assert "<html" in page.text


async def test_readiness_says_whether_the_database_answers(clients: Clients) -> None:
    answer = await clients("kerava").get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert (await clients("kerava").get("/health/live")).status_code == 200
    assert (await clients("kerava").get("/metrics")).status_code == 404
