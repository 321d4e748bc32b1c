"""Who is told of what: from an event to planned deliveries."""

import pytest

from auth.actor import Grant
from factories.auth import handler_of, lead_of, make_staff
from factories.notifications import EMAIL, NOW, happen, make_feedback, make_message, rows
from feedback import events
from kernel import outbox
from kernel.clock import FixedClock
from kernel.outbox import Event
from notifications.messages import MESSAGES, SUBJECTS
from notifications.service import notify
from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant


@pytest.fixture
def tenant(registry: Registry) -> Tenant:
    return registry.by_slug("kerava")


@pytest.fixture
def other(registry: Registry) -> Tenant:
    return registry.by_slug("jarvenpaa")


async def plan(database: Database, tenant: Tenant, event: Event, *, times: int = 1) -> list[tuple[str, str]]:
    """(template, recipient) of all deliveries once the event was handled."""
    clock = FixedClock(NOW)
    await happen(database, tenant, event)
    async with database.transaction(tenant) as session:
        (queued,) = await outbox.claim(session, clock, limit=1)
    for _ in range(times):
        async with database.transaction(tenant) as session:
            await notify(session, clock, event, queued)
    return [(row["template"], row["recipient"]) for row in await rows(database, tenant, "delivery")]


async def make_person(database: Database, tenant: Tenant, email: str, *grants: Grant, language: str = "fi") -> int:
    return await make_staff(database, tenant, FixedClock(NOW), *grants, email=email, language=language)


def test_every_message_has_a_subject_and_every_subject_a_message() -> None:
    assert {message.template for messages in MESSAGES.values() for message in messages} == SUBJECTS.keys()


def test_every_event_of_feedback_is_listened_to() -> None:
    written = {
        kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event) and kind != Event
    }
    assert written == MESSAGES.keys()


async def test_an_arrival_is_told_to_its_sender_and_to_the_handlers_of_its_unit_only(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    for place in (tenant, other):
        await make_person(database, place, f"streets@{place.slug}.example", handler_of("streets"))
        await make_person(database, place, f"parks@{place.slug}.example", handler_of("parks"))
        await make_person(database, place, f"lead@{place.slug}.example", lead_of("engineering"))
    feedback_id = await make_feedback(database, tenant)
    assert await plan(database, tenant, events.FeedbackReceived(feedback_id)) == [
        ("receipt", EMAIL),
        ("assignment", "streets@kerava.example"),
    ]
    assert await rows(database, other, "delivery") == []


async def test_an_event_handled_twice_tells_everybody_once(database: Database, tenant: Tenant) -> None:
    await make_person(database, tenant, "streets@kerava.example", handler_of("streets"))
    feedback_id = await make_feedback(database, tenant)
    assert len(await plan(database, tenant, events.FeedbackReceived(feedback_id), times=3)) == 2


async def test_the_leads_of_the_department_are_told_where_a_unit_has_no_active_handler(
    database: Database, tenant: Tenant
) -> None:
    gone = await make_person(database, tenant, "gone@kerava.example", handler_of("streets"))
    await make_person(database, tenant, "lead@kerava.example", lead_of("engineering"))
    async with database.transaction(tenant) as session:
        await session.fetch("update staff set is_active = false where id = $1", gone)
    feedback_id = await make_feedback(database, tenant, email=None)
    assert await plan(database, tenant, events.FeedbackReceived(feedback_id)) == [("assignment", "lead@kerava.example")]


async def test_imported_feedback_is_no_news_to_anybody(database: Database, tenant: Tenant) -> None:
    await make_person(database, tenant, "streets@kerava.example", handler_of("streets"))
    feedback_id = await make_feedback(database, tenant, channel="import")
    assert await plan(database, tenant, events.FeedbackReceived(feedback_id)) == []
    assert await plan(database, tenant, events.FeedbackAssigned(feedback_id)) == [
        ("assignment", "streets@kerava.example")
    ]


@pytest.mark.parametrize(
    ("event", "template"),
    [
        (events.FeedbackAnswered, "answer"),
        (events.InterimReplySent, "interim_reply"),
        (events.QuestionAsked, "question"),
        (lambda feedback_id, _: events.FeedbackMerged(feedback_id), "merged"),
        (lambda feedback_id, _: events.PublicationWithheld(feedback_id), "withheld"),
    ],
)
async def test_a_sender_hears_more_only_by_the_address_they_left_and_only_if_they_wanted_to(
    database: Database, tenant: Tenant, event: object, template: str
) -> None:
    reachable = await make_feedback(database, tenant, reference="T-1", language="sv")
    without_address = await make_feedback(database, tenant, reference="T-2", email=None)
    unwilling = await make_feedback(database, tenant, reference="T-3", wants_reply=False)
    for feedback_id in (reachable, without_address, unwilling):
        message_id = await make_message(database, tenant, feedback_id)
        await plan(database, tenant, event(feedback_id, message_id))  # type: ignore[operator]  # a lambda above
    (row,) = await rows(database, tenant, "delivery")
    assert (row["template"], row["recipient"], row["feedback_id"], row["language"]) == (
        template, EMAIL, reachable, "sv"
    )  # fmt: skip


async def test_a_transfer_to_another_authority_is_told_also_to_who_asked_for_no_reply(
    database: Database, tenant: Tenant
) -> None:
    """The Administrative Procedure Act, section 21, asks nobody whether they want to know."""
    feedback_id = await make_feedback(database, tenant, wants_reply=False)
    assert await plan(database, tenant, events.FeedbackTransferredToAuthority(feedback_id)) == [("transferred", EMAIL)]


async def test_a_handover_is_told_to_the_new_handler_and_to_nobody_else(database: Database, tenant: Tenant) -> None:
    await make_person(database, tenant, "streets@kerava.example", handler_of("streets"))
    new = await make_person(database, tenant, "new@kerava.example", handler_of("streets"))
    feedback_id = await make_feedback(database, tenant, assignee_id=new)
    assert await plan(database, tenant, events.FeedbackHandedOver(feedback_id)) == [
        ("handed_over", "new@kerava.example")
    ]


async def test_the_receipt_goes_to_everybody_who_left_an_address(database: Database, tenant: Tenant) -> None:
    feedback_id = await make_feedback(database, tenant, wants_reply=False)
    assert await plan(database, tenant, events.FeedbackReceived(feedback_id)) == [("receipt", EMAIL)]


async def test_who_did_not_allow_publishing_is_not_told_that_nothing_is_published(
    database: Database, tenant: Tenant
) -> None:
    feedback_id = await make_feedback(database, tenant, permission="none")
    assert await plan(database, tenant, events.PublicationWithheld(feedback_id)) == []


async def test_an_answer_is_told_to_the_senders_of_all_duplicates_and_of_duplicates_of_duplicates(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    kept = await make_feedback(database, tenant, reference="T-1", email="kept@example.org")
    duplicate = await make_feedback(
        database, tenant, reference="T-2", email="second@example.org", status="merged", merged_into_id=kept
    )
    await make_feedback(
        database, tenant, reference="T-3", email="third@example.org", status="merged", merged_into_id=duplicate
    )
    await make_feedback(
        database, tenant, reference="T-4", status="merged", merged_into_id=kept, wants_reply=False
    )  # fmt: skip
    await make_feedback(database, other, reference="T-1", email="elsewhere@example.org")
    message_id = await make_message(database, tenant, kept)
    told = await plan(database, tenant, events.FeedbackAnswered(kept, message_id))
    assert sorted(recipient for _, recipient in told) == ["kept@example.org", "second@example.org", "third@example.org"]


async def test_the_senders_of_duplicates_hear_nothing_of_the_work_before_the_answer(
    database: Database, tenant: Tenant
) -> None:
    kept = await make_feedback(database, tenant, reference="T-1", email=None)
    await make_feedback(database, tenant, reference="T-2", status="merged", merged_into_id=kept)
    for kind in (events.InterimReplySent, events.QuestionAsked, events.ResidentWrote):
        message_id = await make_message(database, tenant, kept)
        assert await plan(database, tenant, kind(kept, message_id)) == []
    assert await plan(database, tenant, events.FeedbackAssigned(kept)) == []


async def test_a_senders_message_is_told_to_who_handles_it_and_to_the_unit_while_nobody_does(
    database: Database, tenant: Tenant
) -> None:
    await make_person(database, tenant, "streets@kerava.example", handler_of("streets"))
    aino = await make_person(database, tenant, "aino@kerava.example", handler_of("streets"), language="sv")
    taken = await make_feedback(database, tenant, reference="T-1", assignee_id=aino)
    waiting = await make_feedback(database, tenant, reference="T-2")
    for feedback_id in (taken, waiting):
        message_id = await make_message(database, tenant, feedback_id, kind="resident_message")
        await plan(database, tenant, events.ResidentWrote(feedback_id, message_id))
    told = [(row["feedback_id"], row["recipient"], row["language"]) for row in await rows(database, tenant, "delivery")]
    assert sorted(told) == [
        (taken, "aino@kerava.example", "sv"),
        (waiting, "aino@kerava.example", "sv"),
        (waiting, "streets@kerava.example", "fi"),
    ]
