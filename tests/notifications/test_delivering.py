"""From a planned delivery to exactly one final state."""

import asyncio
from datetime import timedelta

import pytest

from factories.auth import handler_of, make_staff
from factories.notifications import (
    EMAIL,
    NOW,
    RecordingChannel,
    english_only,
    happen,
    letterhead,
    make_feedback,
    make_message,
    rows,
    until,
)
from feedback import events
from kernel.clock import FixedClock
from kernel.errors import Conflict, NotFound
from kernel.outbox import Event, claim
from kernel.text import LocalizedText
from notifications import service
from notifications.channels import Delivered, Outcome, OutgoingMail, RetryLater, Undeliverable
from notifications.letterhead import Letterhead
from notifications.rendering import MailRenderer
from notifications.service import BACKOFF, LEASE, MAX_ATTEMPTS, Postman
from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant


@pytest.fixture
def tenant(registry: Registry) -> Tenant:
    return registry.by_slug("kerava")


@pytest.fixture
def other(registry: Registry) -> Tenant:
    return registry.by_slug("jarvenpaa")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


def make_postman(
    database: Database,
    clock: FixedClock,
    channel: RecordingChannel,
    *,
    reason: LocalizedText | None = None,
    heartbeat_seconds: float = 5.0,
) -> Postman:
    def of(tenant: Tenant) -> Letterhead:
        return letterhead(tenant, reason=reason)

    return Postman(
        database=database,
        clock=clock,
        channels={"email": channel},
        renderer=MailRenderer(english_only()),
        letterhead=of,
        heartbeat_seconds=heartbeat_seconds,
    )


async def plan(database: Database, tenant: Tenant, clock: FixedClock, event: Event) -> None:
    await happen(database, tenant, event)
    async with database.transaction(tenant) as session:
        (queued,) = await claim(session, clock, limit=1)
        await service.notify(session, clock, event, queued)


async def plan_receipt(database: Database, tenant: Tenant, clock: FixedClock, reference: str = "T-1") -> int:
    feedback_id = await make_feedback(database, tenant, reference=reference)
    await plan(database, tenant, clock, events.FeedbackReceived(feedback_id))
    return feedback_id


async def only_delivery(database: Database, tenant: Tenant) -> dict[str, object]:
    (row,) = await rows(database, tenant, "delivery")
    return row


async def test_a_delivered_message_is_final_and_is_not_sent_again(
    database: Database, tenant: Tenant, other: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    postman = make_postman(database, clock, channel)
    await plan_receipt(database, tenant, clock)
    assert await postman.deliver_due(other) == 0
    assert await postman.deliver_due(tenant) == 1
    clock.advance(timedelta(days=30))
    assert await postman.deliver_due(tenant) == 0
    row = await only_delivery(database, tenant)
    assert (row["state"], row["delivered_at"], row["reason"], row["attempts"]) == ("delivered", NOW, None, 1)
    assert [mail.recipient for mail in channel.mails] == [EMAIL]


async def test_a_message_that_fails_for_now_is_tried_again_after_growing_waits_and_then_given_up_with_the_reason(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel(lambda _: RetryLater("unreachable"))
    postman = make_postman(database, clock, channel)
    await plan_receipt(database, tenant, clock)
    for wait in BACKOFF:
        assert await postman.deliver_due(tenant) == 1
        row = await only_delivery(database, tenant)
        assert (row["state"], row["reason"], row["next_attempt_at"]) == (
            "scheduled", "unreachable", clock.now() + wait
        )  # fmt: skip
        clock.advance(wait - timedelta(seconds=1))
        assert await postman.deliver_due(tenant) == 0
        clock.advance(timedelta(seconds=1))
    assert await postman.deliver_due(tenant) == 1
    row = await only_delivery(database, tenant)
    assert (row["state"], row["reason"], row["attempts"]) == ("undeliverable", "unreachable", MAX_ATTEMPTS)
    assert len({mail.message_id for mail in channel.mails}) == 1


async def test_a_refused_recipient_is_final_at_once(database: Database, tenant: Tenant, clock: FixedClock) -> None:
    channel = RecordingChannel(lambda _: Undeliverable("mailbox: 550 5.1.1"))
    postman = make_postman(database, clock, channel)
    await plan_receipt(database, tenant, clock)
    await postman.deliver_due(tenant)
    row = await only_delivery(database, tenant)
    assert (row["state"], row["reason"], row["attempts"]) == ("undeliverable", "mailbox: 550 5.1.1", 1)


async def test_a_crash_between_sending_and_recording_sends_again_under_the_same_message_id_and_ends_delivered_once(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    def crash_once(_: OutgoingMail) -> Outcome:
        if len(channel.mails) == 1:
            raise SystemError("the process dies after the server's 250")
        return Delivered()

    channel = RecordingChannel(crash_once)
    postman = make_postman(database, clock, channel)
    await plan_receipt(database, tenant, clock)
    with pytest.raises(SystemError):
        await postman.deliver_due(tenant)
    assert (await only_delivery(database, tenant))["state"] == "sending"
    clock.advance(LEASE - timedelta(seconds=1))
    assert await postman.deliver_due(tenant) == 0
    clock.advance(timedelta(seconds=1))
    assert await postman.deliver_due(tenant) == 1
    row = await only_delivery(database, tenant)
    assert (row["state"], row["attempts"]) == ("delivered", 2)
    first, second = channel.mails
    assert first.message_id == second.message_id


async def test_a_delivery_over_which_worker_after_worker_dies_is_given_up(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    def crash(_: OutgoingMail) -> Outcome:
        raise SystemError("again")

    channel = RecordingChannel(crash)
    postman = make_postman(database, clock, channel)
    await plan_receipt(database, tenant, clock)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(SystemError):
            await postman.deliver_due(tenant)
        clock.advance(LEASE)
    await postman.deliver_due(tenant)
    row = await only_delivery(database, tenant)
    assert (row["state"], row["reason"]) == ("undeliverable", "no_outcome")
    assert len(channel.mails) == MAX_ATTEMPTS


async def test_one_crashing_delivery_does_not_keep_the_others_of_its_batch(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    def crash_for_the_first(mail: OutgoingMail) -> Outcome:
        if "T-1" in mail.subject:
            raise SystemError("only this one")
        return Delivered()

    postman = make_postman(database, clock, RecordingChannel(crash_for_the_first))
    for reference in ("T-1", "T-2", "T-3"):
        await plan_receipt(database, tenant, clock, reference)
    with pytest.raises(SystemError):
        await postman.deliver_due(tenant)
    assert [row["state"] for row in await rows(database, tenant, "delivery")] == ["sending", "delivered", "delivered"]


async def test_a_long_sending_keeps_its_lease_and_no_second_worker_sends_it_too(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    channel.hanging = asyncio.Event()
    first = make_postman(database, clock, channel, heartbeat_seconds=0.02)
    second = make_postman(database, clock, channel)
    await plan_receipt(database, tenant, clock)

    async def was_extended() -> bool:
        return (await only_delivery(database, tenant))["next_attempt_at"] == clock.now() + LEASE

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        sending = group.create_task(first.deliver_due(tenant))
        await until(channel.was_used)
        for _ in range(4):
            clock.advance(LEASE - timedelta(seconds=5))
            await until(was_extended)
            assert await second.deliver_due(tenant) == 0
        channel.hanging.set()
    assert sending.result() == 1
    assert len(channel.mails) == 1
    assert (await only_delivery(database, tenant))["state"] == "delivered"


async def test_a_late_failure_does_not_undo_what_another_worker_delivered_meanwhile(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    slow = RecordingChannel(lambda _: RetryLater("unreachable"))
    slow.hanging = asyncio.Event()
    quick = RecordingChannel()
    await plan_receipt(database, tenant, clock)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        group.create_task(make_postman(database, clock, slow).deliver_due(tenant))
        await until(slow.was_used)
        clock.advance(LEASE)
        await make_postman(database, clock, quick).deliver_due(tenant)
        slow.hanging.set()
    assert (await only_delivery(database, tenant))["state"] == "delivered"


async def test_nothing_is_sent_to_an_address_the_sender_has_taken_back_or_changed(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    postman = make_postman(database, clock, channel)
    erased = await plan_receipt(database, tenant, clock, "T-1")
    changed = await plan_receipt(database, tenant, clock, "T-2")
    async with database.transaction(tenant) as session:
        await session.fetch("delete from contact where feedback_id = $1", erased)
        await session.fetch("update contact set email = 'new@example.org' where feedback_id = $1", changed)
    await postman.deliver_due(tenant)
    assert channel.mails == []
    assert {row["reason"] for row in await rows(database, tenant, "delivery")} == {"recipient_gone"}


async def test_nothing_is_sent_to_staff_who_left(database: Database, tenant: Tenant, clock: FixedClock) -> None:
    channel = RecordingChannel()
    staff_id = await make_staff(database, tenant, clock, handler_of("streets"))
    feedback_id = await make_feedback(database, tenant, email=None)
    await plan(database, tenant, clock, events.FeedbackReceived(feedback_id))
    async with database.transaction(tenant) as session:
        await session.fetch("update staff set is_active = false where id = $1", staff_id)
    await make_postman(database, clock, channel).deliver_due(tenant)
    assert channel.mails == []
    assert (await only_delivery(database, tenant))["reason"] == "recipient_gone"


@pytest.mark.parametrize(
    "event", [events.FeedbackTransferredToAuthority, events.FeedbackMerged, events.PublicationWithheld]
)
async def test_what_is_no_longer_true_is_not_told(
    database: Database, tenant: Tenant, clock: FixedClock, event: type[events.FeedbackMerged]
) -> None:
    channel = RecordingChannel()
    feedback_id = await make_feedback(database, tenant, status="in_progress")
    await plan(database, tenant, clock, event(feedback_id))
    await make_postman(database, clock, channel).deliver_due(tenant)
    assert channel.mails == []
    assert (await only_delivery(database, tenant))["reason"] == "nothing_to_say"


async def test_a_mail_that_cannot_be_made_is_for_later_and_the_others_go_out(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    await plan_receipt(database, tenant, clock, "T-1")
    await plan_receipt(database, tenant, clock, "T-2")
    async with database.transaction(tenant) as session:
        await session.fetch("update delivery set template = 'no_such_message' where id = 1")
    await make_postman(database, clock, channel).deliver_due(tenant)
    one, two = await rows(database, tenant, "delivery")
    assert (one["state"], one["reason"], two["state"]) == ("scheduled", "not_rendered", "delivered")


async def test_a_sender_is_told_why_their_feedback_is_not_published(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    feedback_id = await make_feedback(database, tenant)
    await plan(database, tenant, clock, events.PublicationWithheld(feedback_id))
    reason = LocalizedText(en="It names another person.")
    await make_postman(database, clock, channel, reason=reason).deliver_due(tenant)
    assert "It names another person." in channel.mails[0].text


async def test_the_sender_of_a_duplicate_gets_the_whole_answer_under_their_own_reference(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    kept = await make_feedback(database, tenant, reference="T-1", email=None)
    await make_feedback(database, tenant, reference="T-2", status="merged", merged_into_id=kept)
    message_id = await make_message(database, tenant, kept, text="It is ploughed.\n\nThank you <3")
    await plan(database, tenant, clock, events.FeedbackAnswered(kept, message_id))
    await make_postman(database, clock, channel).deliver_due(tenant)
    (mail,) = channel.mails
    assert "T-2" in mail.subject
    assert "somebody else told us about" in mail.text
    assert "> It is ploughed.\n>\n> Thank you <3" in mail.text
    assert "Thank you &lt;3" in mail.html


async def test_who_is_merged_into_an_answered_feedback_is_told_its_answer_at_once(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel()
    kept = await make_feedback(database, tenant, reference="T-1", email=None, status="answered")
    await make_message(database, tenant, kept, text="It is ploughed.")
    await make_message(database, tenant, kept, kind="comment", text="Ask the contractor.")
    merged = await make_feedback(database, tenant, reference="T-2", status="merged", merged_into_id=kept)
    await plan(database, tenant, clock, events.FeedbackMerged(merged))
    await make_postman(database, clock, channel).deliver_due(tenant)
    (mail,) = channel.mails
    assert "It is ploughed." in mail.text
    assert "contractor" not in mail.text


async def test_a_message_sent_again_is_a_new_delivery_to_the_present_address_however_often_it_is_asked(
    database: Database, tenant: Tenant, clock: FixedClock
) -> None:
    channel = RecordingChannel(lambda _: Undeliverable("mailbox: 550"))
    feedback_id = await plan_receipt(database, tenant, clock)
    postman = make_postman(database, clock, channel)
    async with database.transaction(tenant) as session:
        with pytest.raises(Conflict, match="delivery_not_final"):
            await service.resend(session, clock, 1)
    await postman.deliver_due(tenant)
    async with database.transaction(tenant) as session:
        await session.fetch("update contact set email = 'right@example.org' where feedback_id = $1", feedback_id)
    ids = []
    for _ in range(2):
        async with database.transaction(tenant) as session:
            ids.append(await service.resend(session, clock, 1))
    assert ids[0] == ids[1] != 1
    channel.answer = lambda _: Delivered()
    await postman.deliver_due(tenant)
    before, after = await rows(database, tenant, "delivery")
    assert (before["state"], after["state"], after["recipient"]) == (
        "undeliverable", "delivered", "right@example.org"
    )  # fmt: skip
    assert channel.mails[0].message_id != channel.mails[1].message_id


async def test_a_message_cannot_be_sent_again_to_nobody_nor_one_of_another_municipality(
    database: Database, tenant: Tenant, other: Tenant, clock: FixedClock
) -> None:
    feedback_id = await plan_receipt(database, tenant, clock)
    await make_postman(database, clock, RecordingChannel()).deliver_due(tenant)
    async with database.transaction(other) as session:
        with pytest.raises(NotFound):
            await service.resend(session, clock, 1)
    async with database.transaction(tenant) as session:
        await session.fetch("delete from contact where feedback_id = $1", feedback_id)
        with pytest.raises(Conflict, match="recipient_gone"):
            await service.resend(session, clock, 1)


async def test_the_desk_sees_every_delivery_with_a_masked_recipient(
    database: Database, tenant: Tenant, other: Tenant, clock: FixedClock
) -> None:
    feedback_id = await plan_receipt(database, tenant, clock)
    await make_postman(database, clock, RecordingChannel(lambda _: RetryLater("unreachable"))).deliver_due(tenant)
    async with database.transaction(tenant) as session:
        (shown,) = await service.list_deliveries(session, feedback_id)
    async with database.transaction(other) as session:
        assert await service.list_deliveries(session, feedback_id) == []
    assert (shown.template, shown.state, shown.reason, shown.attempts) == ("receipt", "scheduled", "unreachable", 1)
    assert shown.at == NOW + BACKOFF[0]
    assert shown.recipient == "r******t@******e.org"
