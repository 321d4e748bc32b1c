"""What the staff does with a feedback, through the desk's own forms, and what history, clock and outbox say of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from auth.actor import Grant, Role
from factories.feedback import UNIT, add_staff, hidden, sign_in, submit
from kernel.clock import FixedClock
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]
SLUG = "kerava"


async def desk(clients: Clients, services: Services, *grants: Grant) -> httpx.AsyncClient:
    client = clients(SLUG)
    await sign_in(client, await add_staff(services, SLUG, *grants))
    return client


async def act(client: httpx.AsyncClient, reference: str, name: str, version: int, **fields: str) -> httpx.Response:
    token = hidden((await client.get("/desk")).text, "csrf_token")
    return await client.post(
        f"/desk/feedback/{reference}/{name}", data={"csrf_token": token, "version": str(version), **fields}
    )


async def one(services: Services, sql: str, *arguments: Any) -> Any:
    async with services.database.transaction(services.registry.by_slug(SLUG)) as session:
        row = await session.fetch_row(sql, *arguments)
    assert row is not None
    return row


async def many(services: Services, sql: str) -> list[Any]:
    async with services.database.transaction(services.registry.by_slug(SLUG)) as session:
        return list(await session.fetch(sql))


async def test_an_answer_closes_the_feedback_and_reaches_the_senders_page(clients: Clients, services: Services) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    assert (await act(client, receipt.reference, "answer", 1, text="Kyllä, klo 10-16.")).status_code == 303
    row = await one(services, "select status, closed_at is not null, answered_at is not null, version from feedback")
    assert tuple(row) == ("answered", True, True, 2)
    resident = clients(SLUG)
    await resident.post("/tracking", data={"tracking_code": receipt.tracking_code.lower().replace("-", " ")})
    assert "Kyllä, klo 10-16." in (await resident.get("/tracking/feedback")).text
    assert (await one(services, "select count(*) from outbox where event = 'feedback_answered'"))[0] == 1


async def test_an_internal_comment_is_never_on_the_senders_page(clients: Clients, services: Services) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    await act(client, receipt.reference, "comment", 1, text="Tämä on vain meille")
    resident = clients(SLUG)
    await resident.post("/tracking", data={"tracking_code": receipt.tracking_code})
    page = (await resident.get("/tracking/feedback")).text
    assert receipt.reference in page
    assert "vain meille" not in page
    api = await resident.post("/api/v1/tracking", json={"tracking_code": receipt.tracking_code})
    assert "vain meille" not in api.text


async def test_the_second_of_two_editors_gets_a_conflict_with_both_versions_and_keeps_what_was_typed(
    clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG)
    first, second = await desk(clients, services), await desk(clients, services)
    assert (await act(first, receipt.reference, "take", 1)).status_code == 303
    late = await act(second, receipt.reference, "answer", 1, text="Kirjoitin tätä kauan")
    assert late.status_code == 409
    assert "Kirjoitin tätä kauan" in late.text
    assert tuple(await one(services, "select status, version from feedback")) == ("in_progress", 2)
    assert (await one(services, "select count(*) from message"))[0] == 0


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("take", {}, "in_progress"),
        ("plan", {"note": "Keväällä 2027"}, "planned"),
        ("ask_sender", {"text": "Missä tarkalleen?"}, "waiting_for_resident"),
        ("reject", {}, "rejected"),
        ("transfer_to_authority", {"authority": "Väylävirasto", "note": ""}, "transferred"),
    ],
)
async def test_each_act_leads_to_its_state_and_leaves_history_and_audit(
    name: str, fields: dict[str, str], status: str, clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    assert (await act(client, receipt.reference, name, 1, **fields)).status_code == 303
    assert (await one(services, "select status from feedback"))[0] == status
    history = await one(
        services, "select changes->'status' as change, actor_kind from history order by id desc limit 1"
    )
    assert status in history["change"]
    assert history["actor_kind"] == "staff"
    assert (await one(services, "select count(*) from audit where target_type = 'feedback' and actor_kind = 'staff'"))[
        0
    ] > 0


async def test_a_change_that_the_table_of_states_does_not_have_is_refused_and_changes_nothing(
    clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    await act(client, receipt.reference, "reject", 1)
    assert (await act(client, receipt.reference, "answer", 2, text="Vastaus silti")).status_code == 409
    assert tuple(await one(services, "select status, version from feedback")) == ("rejected", 2)


async def test_a_question_is_not_closed_without_an_answer_for_a_reason_that_is_not_enough(
    clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    config = services.configs[SLUG].feedback
    not_enough = [reason for reason in config.handled_reasons if "question" not in reason.kinds]
    enough = config.handled_reasons_for("question")
    assert not_enough
    assert enough
    assert (await act(client, receipt.reference, "handle", 1)).status_code == 422
    assert (await act(client, receipt.reference, "handle", 1, reason=not_enough[0].code)).status_code == 422
    assert (await act(client, receipt.reference, "handle", 1, reason=enough[0].code)).status_code == 303
    assert tuple(await one(services, "select status, closing_reason from feedback")) == ("handled", enough[0].code)


async def test_waiting_for_the_resident_stops_the_clock_and_their_message_starts_it_again(
    clients: Clients, services: Services, clock: FixedClock
) -> None:
    receipt = await submit(services, SLUG)
    clock.set(datetime(2026, 11, 25, 10, 0, tzinfo=UTC))
    client = await desk(clients, services)
    await act(client, receipt.reference, "ask_sender", 1, text="Mikä kirjasto?")
    clock.advance(timedelta(days=7))
    resident = clients(SLUG)
    await resident.post("/tracking", data={"tracking_code": receipt.tracking_code})
    answer = await resident.post("/tracking/feedback/message", data={"text": "Pääkirjasto"})
    assert answer.status_code == 303
    row = await one(services, "select status, due_at, paused_at from feedback")
    assert row["status"] == "in_progress"
    assert row["paused_at"] is None
    # Five working days from Tuesday noon; one had passed when the clock stopped, four are left a week later. The
    # Independence Day, Sunday 6 December, takes no working day.
    assert receipt.due_at == datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    assert row["due_at"] == datetime(2026, 12, 8, 10, 0, tzinfo=UTC)


async def test_a_transfer_keeps_the_history_clears_the_handler_and_tells_the_new_unit(
    clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    await act(client, receipt.reference, "take", 1)
    refused = await act(client, receipt.reference, "transfer", 2, unit="asiointipiste")
    done = await act(client, receipt.reference, "transfer", 2, unit="asiointipiste", cover_note="Kuuluu teille")
    assert (refused.status_code, done.status_code) == (422, 303)
    row = await one(services, "select unit, department, assignee_id, status from feedback")
    assert tuple(row) == ("asiointipiste", "yhteiset", None, "received")
    assert (await client.get(f"/desk/feedback/{receipt.reference}")).status_code == 404, "it is no longer theirs"
    new = await desk(clients, services, Grant(Role.HANDLER, unit="asiointipiste"))
    assert "Kuuluu teille" in (await new.get(f"/desk/feedback/{receipt.reference}")).text
    assert (await one(services, "select count(*) from outbox where event = 'feedback_assigned'"))[0] == 1


async def test_another_topic_routes_anew_and_counts_from_arrival_and_the_same_topic_changes_nothing(
    clients: Clients, services: Services, clock: FixedClock
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(
        clients, services, Grant(Role.HANDLER, unit=UNIT[SLUG]), Grant(Role.LEAD, department="elinvoima")
    )
    await act(client, receipt.reference, "change_category", 1, category="kirjasto")
    assert tuple(await one(services, "select version, category from feedback")) == (1, "kirjasto")
    clock.advance(timedelta(days=3))
    client = await desk(clients, services)
    await act(client, receipt.reference, "change_category", 1, category="paatoksenteko")
    row = await one(services, "select unit, category, due_at, received_at from feedback")
    assert (row["unit"], row["category"]) == ("hallinto", "paatoksenteko")
    calendar = services.configs[SLUG].feedback.calendar
    assert row["due_at"] == calendar.due_at(row["received_at"], 10)
    assert (await one(services, "select count(*) from routing_decision"))[0] == 2


async def test_a_merged_feedbacks_sender_sees_the_kept_ones_answer(clients: Clients, services: Services) -> None:
    kept, duplicate = await submit(services, SLUG), await submit(services, SLUG)
    client = await desk(clients, services)
    assert (await act(client, duplicate.reference, "merge", 1, into=kept.reference)).status_code == 303
    await act(client, kept.reference, "answer", 1, text="Yhteinen vastaus molemmille")
    resident = clients(SLUG)
    await resident.post("/tracking", data={"tracking_code": duplicate.tracking_code})
    assert "Yhteinen vastaus molemmille" in (await resident.get("/tracking/feedback")).text


async def test_a_feedback_is_not_merged_into_itself_or_into_nothing(clients: Clients, services: Services) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    assert (await act(client, receipt.reference, "merge", 1, into=receipt.reference)).status_code == 422
    assert (await act(client, receipt.reference, "merge", 1, into="KER-2020-1")).status_code in {404, 422}
    assert (await one(services, "select status from feedback"))[0] == "received"


async def test_contact_data_is_masked_until_it_is_opened_and_the_opening_is_audited(
    clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG, email="maija.meikalainen@example.org", phone="040 1234567", name="Maija M")
    client = await desk(clients, services)
    closed = (await client.get(f"/desk/feedback/{receipt.reference}")).text
    assert "maija.meikalainen" not in closed
    assert "040 1234567" not in closed
    opened = await act(client, receipt.reference, "read_contact", 1)
    assert "maija.meikalainen@example.org" in opened.text
    assert (await one(services, "select count(*) from audit where action = 'contact_read'"))[0] == 1


async def test_reading_a_feedback_is_audited(clients: Clients, services: Services) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    await client.get(f"/desk/feedback/{receipt.reference}")
    row = await one(services, "select actor_kind, target_id from audit where action = 'feedback_read'")
    assert tuple(row) == ("staff", 1)


async def test_a_form_without_its_token_changes_nothing(clients: Clients, services: Services) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    answer = await client.post(f"/desk/feedback/{receipt.reference}/take", data={"version": "1"})
    assert answer.status_code == 403
    assert (await one(services, "select version from feedback"))[0] == 1


async def test_the_inbox_marks_what_is_due_soon_and_overdue_and_counts_it(
    clients: Clients, services: Services, clock: FixedClock
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    assert receipt.reference not in (await client.get("/desk?section=due_soon")).text
    clock.set(receipt.due_at - timedelta(hours=3))
    await sign_in(client, await add_staff(services, SLUG))
    assert receipt.reference in (await client.get("/desk?section=due_soon")).text
    clock.set(receipt.due_at + timedelta(minutes=1))
    await sign_in(client, await add_staff(services, SLUG))
    assert receipt.reference in (await client.get("/desk?section=overdue")).text


async def test_a_colleague_who_is_handed_a_feedback_is_told_and_a_stranger_to_the_unit_cannot_be_chosen(
    clients: Clients, services: Services
) -> None:
    receipt = await submit(services, SLUG)
    client = await desk(clients, services)
    await add_staff(services, SLUG)
    await add_staff(services, SLUG, Grant(Role.HANDLER, unit="kunnossapito"))
    me, colleague, stranger = [row[0] for row in await many(services, "select id from staff order by id")]
    refused = await act(client, receipt.reference, "assign", 1, assignee=str(stranger))
    assert refused.status_code == 422
    assert (await act(client, receipt.reference, "assign", 1, assignee=str(me))).status_code == 303
    assert (await one(services, "select count(*) from outbox where event = 'feedback_handed_over'"))[0] == 0
    assert (await act(client, receipt.reference, "assign", 2, assignee=str(colleague))).status_code == 303
    assert (await one(services, "select count(*) from outbox where event = 'feedback_handed_over'"))[0] == 1
    assert (await one(services, "select assignee_id from feedback"))[0] == colleague
