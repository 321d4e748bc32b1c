"""The outbox table: who gets an event, for how long, and what becomes of it."""

from datetime import timedelta

import msgspec
import pytest

from factories.notifications import NOW, happen, rows
from feedback.events import FeedbackAnswered, FeedbackReceived, PublicationWithheld
from kernel import outbox
from kernel.clock import FixedClock
from kernel.errors import Temporary
from kernel.outbox import LEASE, MAX_ATTEMPTS, LeaseLost, Queued
from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant


@pytest.fixture
def tenant(registry: Registry) -> Tenant:
    return registry.by_slug("kerava")


@pytest.fixture
def other(registry: Registry) -> Tenant:
    return registry.by_slug("jarvenpaa")


async def claim(database: Database, tenant: Tenant, clock: FixedClock, *, limit: int = 10) -> list[Queued]:
    async with database.transaction(tenant) as session:
        return await outbox.claim(session, clock, limit=limit)


def test_an_event_is_named_after_its_class_and_holds_ids_only() -> None:
    assert FeedbackReceived.name() == "feedback_received"
    assert msgspec.json.encode(FeedbackAnswered(7, 8)) == b'{"feedback_id":7,"message_id":8}'


def test_a_payload_with_more_or_less_than_this_release_knows_is_read() -> None:
    assert FeedbackReceived.from_payload('{"feedback_id":7,"colour":"red"}') == FeedbackReceived(7)
    assert PublicationWithheld.from_payload('{"feedback_id":7}') == PublicationWithheld(7, None)


async def test_an_event_exists_only_if_its_transaction_committed_and_only_in_its_tenant(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    async def fail_after_enqueueing() -> None:
        async with database.transaction(tenant) as session:
            await outbox.enqueue(session, FeedbackReceived(1), at=NOW)
            raise Temporary("something_later_failed")

    with pytest.raises(Temporary):
        await fail_after_enqueueing()
    await happen(database, tenant, FeedbackReceived(2))
    assert [row["payload"] for row in await rows(database, tenant, "outbox")] == [{"feedback_id": 2}]
    assert await rows(database, other, "outbox") == []


async def test_claiming_takes_due_events_oldest_first_and_at_most_the_limit(
    database: Database, tenant: Tenant, other: Tenant
) -> None:
    await happen(database, tenant, FeedbackReceived(1), at=NOW - timedelta(minutes=1))
    await happen(database, tenant, *(FeedbackReceived(number) for number in range(2, 6)))
    await happen(database, tenant, FeedbackReceived(9), at=NOW + timedelta(seconds=1))
    await happen(database, other, FeedbackReceived(100))
    clock = FixedClock(NOW)
    first = await claim(database, tenant, clock, limit=3)
    assert [FeedbackReceived.from_payload(queued.payload).feedback_id for queued in first] == [1, 2, 3]
    second = await claim(database, tenant, clock)
    assert [FeedbackReceived.from_payload(queued.payload).feedback_id for queued in second] == [4, 5]
    assert await claim(database, tenant, clock) == []


async def test_two_workers_at_the_same_time_never_get_the_same_event(database: Database, tenant: Tenant) -> None:
    await happen(database, tenant, *(FeedbackReceived(number) for number in range(10)))
    clock = FixedClock(NOW)
    async with database.transaction(tenant) as one, database.transaction(tenant) as two:
        mine = await outbox.claim(one, clock, limit=6)
        yours = await outbox.claim(two, clock, limit=6)
    assert (len(mine), len(yours)) == (6, 4)
    assert {queued.id for queued in mine}.isdisjoint(queued.id for queued in yours)


async def test_an_event_of_a_dead_worker_comes_back_when_its_lease_is_over(database: Database, tenant: Tenant) -> None:
    assert timedelta(seconds=25) >= LEASE
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackReceived(1))
    await claim(database, tenant, clock)
    clock.advance(LEASE - timedelta(seconds=1))
    assert await claim(database, tenant, clock) == []
    clock.advance(timedelta(seconds=1))
    assert [queued.attempts for queued in await claim(database, tenant, clock)] == [2]


async def test_a_worker_that_lost_its_lease_can_neither_complete_nor_fail_the_event(
    database: Database, tenant: Tenant
) -> None:
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackReceived(1))
    (late,) = await claim(database, tenant, clock)
    clock.advance(LEASE)
    (present,) = await claim(database, tenant, clock)
    with pytest.raises(LeaseLost):
        async with database.transaction(tenant) as session:
            await outbox.complete(session, clock, late)
    async with database.transaction(tenant) as session:
        assert await outbox.fail(session, clock, late, Temporary("too_late")) == "lost"
        await outbox.put_back(session, clock, [late])
        await outbox.complete(session, clock, present)
    (row,) = await rows(database, tenant, "outbox")
    assert (row["state"], row["attempts"], row["last_error"], row["done_at"]) == ("done", 2, None, clock.now())


async def test_what_was_put_back_is_due_again_at_once_and_was_no_attempt(database: Database, tenant: Tenant) -> None:
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackReceived(1))
    claimed = await claim(database, tenant, clock)
    async with database.transaction(tenant) as session:
        await outbox.put_back(session, clock, claimed)
    assert [queued.attempts for queued in await claim(database, tenant, clock)] == [1]


async def test_a_failing_event_waits_longer_each_time_and_is_held_after_the_last_attempt_until_released(
    database: Database, tenant: Tenant
) -> None:
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackReceived(1))
    waits = []
    for _ in range(MAX_ATTEMPTS):
        (queued,) = await claim(database, tenant, clock)
        async with database.transaction(tenant) as session:
            state = await outbox.fail(session, clock, queued, Temporary("still_down"))
        (row,) = await rows(database, tenant, "outbox")
        waits.append((row["available_at"] - clock.now()).total_seconds())
        clock.set(row["available_at"])
    assert state == row["state"] == "held"
    assert all(2 * 2**number <= wait <= 2.5 * 2**number for number, wait in enumerate(waits[:10]))
    assert 3600 <= waits[-1] <= 4500
    assert await claim(database, tenant, clock) == []
    async with database.transaction(tenant) as session:
        assert await outbox.release(session, clock, row["id"])
        assert not await outbox.release(session, clock, row["id"])
    assert [queued.attempts for queued in await claim(database, tenant, clock)] == [1]


def test_events_that_failed_together_do_not_come_back_together() -> None:
    waits = {outbox.retry_after(Queued(id=number, event="e", payload="{}", attempts=3)) for number in range(100)}
    assert len(waits) > 90


async def test_the_stored_error_is_kind_and_code_and_never_the_words_of_the_error(
    database: Database, tenant: Tenant
) -> None:
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackReceived(1), FeedbackReceived(2))
    one, two = await claim(database, tenant, clock)
    async with database.transaction(tenant) as session:
        await outbox.fail(session, clock, one, Temporary("database_unavailable", host="10.0.0.1"))
        await outbox.fail(session, clock, two, ValueError("aino@example.org wrote something private"))
    errors = [row["last_error"] for row in await rows(database, tenant, "outbox")]
    assert errors == ["Temporary: database_unavailable", "ValueError"]
