"""Publication as an axis of its own: permission, judgement, the separate copy, and taking it back at once."""

from collections.abc import Callable

import httpx
import pytest

from auth.actor import Grant, Role
from factories.feedback import NEVER, add_staff, hidden, sign_in, submit
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]
SECRET = "Soita Matille numeroon 040 1234567 kirjaston ajoista"
PUBLIC = "Soita [nimi poistettu] kirjaston ajoista"


async def publisher(clients: Clients, services: Services, slug: str = "kerava") -> httpx.AsyncClient:
    client = clients(slug)
    await sign_in(client, await add_staff(services, slug, Grant(Role.PUBLISHER)))
    return client


async def decide(client: httpx.AsyncClient, reference: str, decision: str, **fields: str) -> httpx.Response:
    page = await client.get(f"/desk/publication/{reference}")
    assert page.status_code == 200, page.text
    form = {"csrf_token": hidden(page.text, "csrf_token"), "target": "feedback", "version": "0", **fields}
    return await client.post(f"/desk/publication/{reference}/{decision}", data=form)


async def public_places(client: httpx.AsyncClient, reference: str) -> str:
    """All that the public can read, in one text."""
    paths = (
        "/", "/published", f"/published/{reference}", "/feed.atom", "/feed.json", "/api/v1/feedback",
        f"/api/v1/feedback/{reference}",
    )  # fmt: skip
    return "".join([(await client.get(path)).text for path in paths])


async def test_nothing_is_public_before_it_is_decided(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava", text=SECRET)
    client = clients("kerava")
    assert SECRET not in await public_places(client, receipt.reference)
    assert (await client.get(f"/published/{receipt.reference}")).status_code == 404
    assert (await client.get(f"/api/v1/feedback/{receipt.reference}")).status_code == 404


async def test_the_public_reads_the_copy_and_never_the_original(clients: Clients, services: Services) -> None:
    receipt = await submit(
        services, "kerava", text=SECRET, email="own@example.org", permission="nickname", nickname="Lukija"
    )
    answer = await decide(await publisher(clients, services), receipt.reference, "publish", public_text=PUBLIC)
    assert answer.status_code == 303
    everything = await public_places(clients("kerava"), receipt.reference)
    assert PUBLIC in everything
    assert "Lukija" in everything
    assert "040 1234567" not in everything
    assert "own@example.org" not in everything
    assert PUBLIC not in await public_places(clients("jarvenpaa"), receipt.reference)


async def test_publishing_moves_no_handling_state(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava")
    await decide(await publisher(clients, services), receipt.reference, "publish", public_text=PUBLIC)
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        row = await session.fetch_row("select status, version, text from feedback")
    assert tuple(row or ()) == ("received", 1, "Onko kirjasto auki pyhäinpäivänä?")


async def test_without_permission_nothing_can_be_published(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava", permission="none")
    answer = await decide(await publisher(clients, services), receipt.reference, "publish", public_text=PUBLIC)
    assert answer.status_code == 409
    assert PUBLIC not in await public_places(clients("kerava"), receipt.reference)


@pytest.mark.parametrize("slug", ["kerava", "jarvenpaa"])
async def test_a_category_that_is_never_published_wins_over_the_permission(
    slug: str, clients: Clients, services: Services
) -> None:
    receipt = await submit(services, slug, category=NEVER[slug])
    answer = await decide(await publisher(clients, services, slug), receipt.reference, "publish", public_text=PUBLIC)
    assert answer.status_code == 409
    assert PUBLIC not in await public_places(clients(slug), receipt.reference)


async def test_withdrawing_the_permission_unpublishes_everywhere_at_once(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava", text=SECRET)
    await decide(await publisher(clients, services), receipt.reference, "publish", public_text=PUBLIC)
    resident = clients("kerava")
    assert PUBLIC in await public_places(resident, receipt.reference)
    await resident.post("/tracking", data={"tracking_code": receipt.tracking_code})
    answer = await resident.post("/tracking/feedback/permission", data={"publication.permission": "none"})
    assert answer.status_code == 303
    assert PUBLIC not in await public_places(clients("kerava"), receipt.reference)


async def test_unpublishing_needs_a_reason_and_the_sender_is_told_it(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava")
    desk = await publisher(clients, services)
    await decide(desk, receipt.reference, "publish", public_text=PUBLIC)
    reason = services.configs["kerava"].publication.withholding_reasons[0]
    refused = await decide(desk, receipt.reference, "unpublish", version="1")
    done = await decide(desk, receipt.reference, "unpublish", version="1", reason=reason.code)
    assert (refused.status_code, done.status_code) == (422, 303)
    assert PUBLIC not in await public_places(clients("kerava"), receipt.reference)
    resident = clients("kerava")
    await resident.post("/tracking", data={"tracking_code": receipt.tracking_code})
    assert reason.name.in_language("fi") in (await resident.get("/tracking/feedback")).text


async def test_two_publishers_at_once_the_second_gets_a_conflict(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava")
    first, second = await publisher(clients, services), await publisher(clients, services)
    assert (await decide(first, receipt.reference, "publish", public_text=PUBLIC)).status_code == 303
    assert (await decide(second, receipt.reference, "publish", public_text="Toinen versio")).status_code == 409
    assert PUBLIC in await public_places(clients("kerava"), receipt.reference)


async def test_only_answers_are_published_and_never_a_comment(clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava")
    handler = clients("kerava")
    await sign_in(handler, await add_staff(services, "kerava"))
    page = await handler.get(f"/desk/feedback/{receipt.reference}")
    await handler.post(
        f"/desk/feedback/{receipt.reference}/comment",
        data={"csrf_token": hidden(page.text, "csrf_token"), "version": "1", "text": "Sisäinen kommentti"},
    )
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        row = await session.fetch_row("select id from message")
    assert row is not None
    answer = await decide(
        await publisher(clients, services), receipt.reference, "publish", target=str(row["id"]), public_text="Kommentti"
    )
    assert answer.status_code == 422


async def test_a_handler_without_the_publishers_role_does_not_see_the_queue(
    clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    await sign_in(client, await add_staff(services, "kerava"))
    assert (await client.get("/desk/publication")).status_code == 403


@pytest.mark.parametrize(("act", "fields"), [("reject", {}), ("change_category", {"category": "tyollisyys"})])
async def test_what_is_rejected_or_moved_to_a_never_published_topic_is_public_no_more(
    act: str, fields: dict[str, str], clients: Clients, services: Services
) -> None:
    receipt = await submit(services, "kerava")
    await decide(await publisher(clients, services), receipt.reference, "publish", public_text=PUBLIC)
    assert PUBLIC in await public_places(clients("kerava"), receipt.reference)
    handler = clients("kerava")
    await sign_in(handler, await add_staff(services, "kerava"))
    page = await handler.get(f"/desk/feedback/{receipt.reference}")
    form = {"csrf_token": hidden(page.text, "csrf_token"), "version": "1", **fields}
    assert (await handler.post(f"/desk/feedback/{receipt.reference}/{act}", data=form)).status_code == 303
    assert PUBLIC not in await public_places(clients("kerava"), receipt.reference)
