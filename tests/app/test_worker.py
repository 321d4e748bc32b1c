"""The worker: every event's effect once, whatever fails, and no tenant waits for another's trouble."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from app.worker import Bell, Handler, Handlers, Pace, Worker, run_until_signalled
from factories.notifications import (
    NOW,
    RecordingChannel,
    english_only,
    happen,
    letterhead,
    make_feedback,
    rows,
    until,
)
from feedback.events import FeedbackAssigned, FeedbackReceived
from kernel.clock import Clock, FixedClock, SystemClock
from kernel.outbox import LEASE, MAX_ATTEMPTS, Event, Queued
from notifications.channels import Delivered, Outcome, OutgoingMail, RetryLater
from notifications.messages import MESSAGES
from notifications.rendering import MailRenderer
from notifications.service import Postman, notify
from tenancy.registry import Registry, list_tenants
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant

QUICK = Pace(shortest=0.02, longest=0.1, registry=0.05, stop=5)
NOTIFY: Handlers = dict.fromkeys(MESSAGES, (notify,))


@pytest.fixture
def tenant(registry: Registry) -> Tenant:
    return registry.by_slug("kerava")


@pytest.fixture
def other(registry: Registry) -> Tenant:
    return registry.by_slug("jarvenpaa")


class Effects:
    """A handler whose effect is a row of the tenant's own, so that it can be counted; fails when told to."""

    def __init__(self, *, fails_for: Sequence[int] = ()) -> None:
        self.fails_for = set(fails_for)
        self.calls: list[int] = []

    async def __call__(self, session: TenantSession, clock: Clock, event: Event, queued: Queued) -> None:
        assert isinstance(event, FeedbackReceived)
        self.calls.append(event.feedback_id)
        await session.fetch(
            "insert into audit (at, action, actor_kind, target_type, target_id, correlation_id)"
            " values ($1, 'effect', 'system', 'event', $2, $3)",
            clock.now(),
            event.feedback_id,
            str(queued.id),
        )
        if event.feedback_id in self.fails_for:
            raise RuntimeError("after its effect was written")


async def effects_of(database: Database, tenant: Tenant) -> list[int]:
    return sorted(row["target_id"] for row in await rows(database, tenant, "audit") if row["action"] == "effect")


def make_worker(
    database: Database,
    registry: Registry,
    clock: Clock,
    *reactions: Handler,
    channel: RecordingChannel | None = None,
    handlers: Handlers | None = None,
    pace: Pace = QUICK,
) -> Worker:
    postman = Postman(
        database=database,
        clock=clock,
        channels={"email": channel or RecordingChannel()},
        renderer=MailRenderer(english_only()),
        letterhead=letterhead,
    )
    return Worker(
        database=database,
        registry=Registry(registry.all()),
        clock=clock,
        handlers=handlers if handlers is not None else {FeedbackReceived: reactions},
        deliverer=postman,
        pace=pace,
    )


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        worker.stop()
        async with asyncio.timeout(10):
            await task


async def test_every_event_has_its_effect_once_in_its_own_tenant(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    effects = Effects()
    await happen(database, tenant, *(FeedbackReceived(number) for number in range(25)))
    await happen(database, other, FeedbackReceived(100))
    worker = make_worker(database, registry, FixedClock(NOW), effects)
    assert await worker.drain() == 26
    assert await worker.drain() == 0
    assert await effects_of(database, tenant) == list(range(25))
    assert await effects_of(database, other) == [100]
    assert {row["state"] for row in await rows(database, tenant, "outbox")} == {"done"}


async def test_a_poison_event_leaves_no_effect_is_held_in_the_end_and_the_others_go_on(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    clock = FixedClock(NOW)
    effects = Effects(fails_for=[2])
    worker = make_worker(database, registry, clock, effects)
    await happen(database, tenant, FeedbackReceived(1), FeedbackReceived(2), FeedbackReceived(3))
    await happen(database, other, FeedbackReceived(4))
    await worker.drain()
    assert (await effects_of(database, tenant), await effects_of(database, other)) == ([1, 3], [4])
    with capture_logs() as logs:
        for _ in range(MAX_ATTEMPTS):
            clock.advance(timedelta(hours=2))
            await worker.drain()
    assert await effects_of(database, tenant) == [1, 3]
    _, poison, _ = await rows(database, tenant, "outbox")
    assert (poison["state"], poison["attempts"], poison["last_error"]) == ("held", MAX_ATTEMPTS, "RuntimeError")
    assert effects.calls.count(2) == MAX_ATTEMPTS
    assert [entry["state"] for entry in logs if entry["log_level"] == "error"] == ["held"]


async def test_an_event_this_release_does_not_know_waits_for_one_that_does(
    database: Database, registry: Registry, tenant: Tenant
) -> None:
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackAssigned(1))
    await make_worker(database, registry, clock, Effects()).drain()
    (row,) = await rows(database, tenant, "outbox")
    assert (row["state"], row["last_error"]) == ("pending", "UnknownEvent: unknown_event")
    clock.advance(timedelta(minutes=1))
    await make_worker(database, registry, clock, handlers={FeedbackAssigned: ()}).drain()
    assert (await rows(database, tenant, "outbox"))[0]["state"] == "done"


async def test_a_payload_that_cannot_be_read_holds_up_nobody(
    database: Database, registry: Registry, tenant: Tenant
) -> None:
    await happen(database, tenant, FeedbackReceived(1), FeedbackReceived(2))
    async with database.transaction(tenant) as session:
        await session.fetch('update outbox set payload = \'{"feedback_id": "one"}\' where id = 1')
    await make_worker(database, registry, FixedClock(NOW), Effects()).drain()
    assert [row["last_error"] for row in await rows(database, tenant, "outbox")] == ["ValidationError", None]
    assert await effects_of(database, tenant) == [2]


async def test_many_workers_at_once_have_each_effect_once(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    for place in (tenant, other):
        await happen(database, place, *(FeedbackReceived(number) for number in range(60)))
    workers = [make_worker(database, registry, FixedClock(NOW), Effects()) for _ in range(4)]
    await asyncio.gather(*(worker.drain() for worker in workers))
    for place in (tenant, other):
        assert await effects_of(database, place) == list(range(60))


async def test_a_worker_leaves_alone_what_another_took_up_after_its_lease(
    database: Database, registry: Registry, tenant: Tenant
) -> None:
    clock = FixedClock(NOW)
    await happen(database, tenant, FeedbackReceived(1), FeedbackReceived(2))
    second = make_worker(database, registry, clock, Effects())

    class Sleepy(Effects):
        """Sleeps past the lease over the first event, while another worker takes the second from its hands."""

        async def __call__(self, session: TenantSession, clock_: Clock, event: Event, queued: Queued) -> None:
            await super().__call__(session, clock_, event, queued)
            if len(self.calls) == 1:
                clock.advance(LEASE)
                await second.drain()

    sleepy = Sleepy()
    await make_worker(database, registry, clock, sleepy).drain()
    assert sleepy.calls == [1]
    assert await effects_of(database, tenant) == [1, 2]
    assert {row["state"] for row in await rows(database, tenant, "outbox")} == {"done"}


async def test_an_event_in_the_hands_of_a_worker_that_died_is_taken_up_again_within_30_seconds(
    database: Database, registry: Registry, tenant: Tenant
) -> None:
    assert LEASE.total_seconds() + Pace().longest <= 30
    clock = FixedClock(NOW)
    effects = Effects()
    dying = asyncio.Event()

    async def hang(session: TenantSession, clock_: Clock, event: Event, queued: Queued) -> None:
        await effects(session, clock_, event, queued)
        dying.set()
        await asyncio.Event().wait()

    await happen(database, tenant, FeedbackReceived(1))
    dead = asyncio.create_task(make_worker(database, registry, clock, hang).drain())
    await dying.wait()
    dead.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dead
    assert await effects_of(database, tenant) == []
    survivor = make_worker(database, registry, clock, Effects())
    assert await survivor.drain() == 0
    clock.advance(LEASE)
    assert await survivor.drain() == 1
    assert await effects_of(database, tenant) == [1]


async def test_a_receipt_goes_from_the_event_to_the_mail_by_itself(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    channel = RecordingChannel()
    worker = make_worker(database, registry, FixedClock(NOW), channel=channel, handlers=NOTIFY)
    async with running(worker):
        for place in (tenant, other):
            feedback_id = await make_feedback(database, place, email=f"sender@{place.slug}.example")
            await happen(database, place, FeedbackReceived(feedback_id))

        async def all_delivered() -> bool:
            states = [row["state"] for place in (tenant, other) for row in await rows(database, place, "delivery")]
            return states == ["delivered", "delivered"]

        await until(all_delivered)
    assert {(mail.tenant, mail.recipient) for mail in channel.mails} == {
        ("kerava", "sender@kerava.example"),
        ("jarvenpaa", "sender@jarvenpaa.example"),
    }


async def test_a_tenant_whose_mail_server_hangs_delays_neither_its_own_events_nor_another_tenant(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    channel = RecordingChannel()
    channel.hanging, channel.hangs_for = asyncio.Event(), tenant.slug
    worker = make_worker(database, registry, FixedClock(NOW), channel=channel, handlers=NOTIFY)

    async def arrive(place: Tenant, reference: str) -> None:
        await happen(database, place, FeedbackReceived(await make_feedback(database, place, reference=reference)))

    async def others_mail_is_out() -> bool:
        return [row["state"] for row in await rows(database, other, "delivery")] == ["delivered"]

    async def own_second_event_is_done() -> bool:
        return [row["state"] for row in await rows(database, tenant, "outbox")] == ["done", "done"]

    async with running(worker):
        await arrive(tenant, "T-1")
        await until(channel.was_used)
        await arrive(tenant, "T-2")
        await arrive(other, "T-1")
        await until(others_mail_is_out, seconds=3)
        await until(own_second_event_is_done, seconds=3)
        assert [row["state"] for row in await rows(database, tenant, "delivery")] == ["sending", "scheduled"]
        channel.hanging.set()


async def test_a_tenant_whose_tables_are_broken_delays_no_other(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    effects = Effects()
    async with database.owner_transaction(tenant.schema) as session:
        await session.fetch("alter table outbox rename to outbox_away")
    try:
        async with running(make_worker(database, registry, FixedClock(NOW), effects)):
            await happen(database, other, FeedbackReceived(1))

            async def is_done() -> bool:
                return await effects_of(database, other) == [1]

            await until(is_done, seconds=3)
    finally:
        async with database.owner_transaction(tenant.schema) as session:
            await session.fetch("alter table outbox_away rename to outbox")


async def test_a_busy_tenant_does_not_keep_a_quiet_one_waiting(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    async def slow(session: TenantSession, _: Clock, __: Event, ___: Queued) -> None:
        await session.fetch("select pg_sleep(0.02)")

    await happen(database, tenant, *(FeedbackReceived(number) for number in range(500)))
    async with running(make_worker(database, registry, FixedClock(NOW), slow)):
        await happen(database, other, FeedbackReceived(1))

        async def quiet_one_is_done() -> bool:
            return [row["state"] for row in await rows(database, other, "outbox")] == ["done"]

        await until(quiet_one_is_done, seconds=3)
        assert "pending" in {row["state"] for row in await rows(database, tenant, "outbox")}


async def test_the_jobs_of_a_suspended_tenant_rest_and_go_on_when_it_is_resumed(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    async def set_status(status: str) -> None:
        async with database.owner_transaction() as session:
            await session.fetch("update shared.tenant set status = $1 where slug = $2", status, tenant.slug)

    async def is_done(place: Tenant) -> bool:
        return await effects_of(database, place) == [1]

    await set_status("suspended")
    try:
        async with running(make_worker(database, registry, FixedClock(NOW), Effects())):
            for place in (tenant, other):
                await happen(database, place, FeedbackReceived(1))
            await until(lambda: is_done(other))
            await asyncio.sleep(QUICK.longest * 3)
            assert await effects_of(database, tenant) == []
            await set_status("active")
            await until(lambda: is_done(tenant))
    finally:
        await set_status("active")


async def test_the_bell_wakes_a_worker_that_looks_seldom(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    effects = Effects()
    worker = make_worker(
        database, registry, FixedClock(NOW), effects, pace=Pace(shortest=60, longest=60, registry=60, stop=5)
    )
    bell = Bell(database, delay_seconds=0.01)
    sounding = asyncio.create_task(bell.run())

    async def listens() -> bool:
        async with database.platform_transaction() as session:
            return bool(
                await session.fetch(
                    "select 1 from pg_stat_activity where query ilike 'listen%' and datname = current_database()"
                )
            )

    async def is_done() -> bool:
        return await effects_of(database, tenant) == [1]

    async with running(worker):
        await until(listens)
        await asyncio.sleep(0.2)
        await happen(database, tenant, FeedbackReceived(1))
        await happen(database, other, FeedbackReceived(2))
        bell.ring(tenant.slug)
        await until(is_done, seconds=5)
        assert await effects_of(database, other) == []
    sounding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sounding


async def test_a_stop_finishes_the_event_in_hand_and_gives_the_rest_back_at_once(
    database: Database, registry: Registry, tenant: Tenant
) -> None:
    effects = Effects()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(session: TenantSession, clock: Clock, event: Event, queued: Queued) -> None:
        begun.set()
        await go_on.wait()
        await effects(session, clock, event, queued)

    clock = FixedClock(NOW)
    worker = make_worker(database, registry, clock, slow)
    await happen(database, tenant, FeedbackReceived(1), FeedbackReceived(2))
    run = asyncio.create_task(run_until_signalled(worker))
    await begun.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.05)
    go_on.set()
    async with asyncio.timeout(10):
        await run
    assert await effects_of(database, tenant) == [1]
    one, two = await rows(database, tenant, "outbox")
    assert (one["state"], two["state"], two["attempts"], two["available_at"]) == ("done", "pending", 0, NOW)


async def test_a_stop_breaks_off_a_mail_that_takes_too_long_and_another_worker_sends_it_later(
    database: Database, registry: Registry, tenant: Tenant
) -> None:
    clock = FixedClock(NOW)
    channel = RecordingChannel()
    channel.hanging = asyncio.Event()
    worker = make_worker(
        database, registry, clock, channel=channel, handlers=NOTIFY, pace=Pace(shortest=0.02, longest=0.1, stop=0.1)
    )
    feedback_id = await make_feedback(database, tenant)
    await happen(database, tenant, FeedbackReceived(feedback_id))
    async with running(worker):
        await until(channel.was_used)
    assert [row["state"] for row in await rows(database, tenant, "delivery")] == ["sending"]
    clock.advance(LEASE)
    channel.hanging = None
    await make_worker(database, registry, clock, channel=channel, handlers=NOTIFY).drain()
    (row,) = await rows(database, tenant, "delivery")
    assert (row["state"], row["attempts"]) == ("delivered", 2)
    assert len({mail.message_id for mail in channel.mails}) == 1


async def test_every_delivery_ends_in_exactly_one_final_state_though_mails_fail_and_workers_die(
    database: Database, registry: Registry, tenant: Tenant, other: Tenant
) -> None:
    clock = FixedClock(NOW)
    tried: dict[str, int] = {}

    def unreliable(mail: OutgoingMail) -> Outcome:
        """The worker dies over the first attempt of every third mail; the second attempt of every mail is put off."""
        attempt = tried[mail.message_id] = tried.get(mail.message_id, 0) + 1
        number = int(mail.subject.rsplit("-", 1)[1])
        if attempt == 1 and number % 3 == 0:
            raise SystemError("dies between sending and recording")
        return RetryLater("busy: 450") if attempt == 1 + (number % 3 == 0) else Delivered()

    channel = RecordingChannel(unreliable)
    worker = make_worker(database, registry, clock, channel=channel, handlers=NOTIFY)
    for place in (tenant, other):
        for number in range(1, 13):
            feedback_id = await make_feedback(database, place, reference=f"T-{number}")
            await happen(database, place, FeedbackReceived(feedback_id))
    for _ in range(12):
        try:
            await worker.drain()
        except SystemError:
            clock.advance(LEASE)
        clock.advance(timedelta(minutes=5))
    for place in (tenant, other):
        deliveries = await rows(database, place, "delivery")
        assert len(deliveries) == 12
        assert {row["state"] for row in deliveries} == {"delivered"}
        received = {mail.message_id for mail in channel.mails if mail.tenant == place.slug}
        assert len(received) == 12


_DOOMED = """
import asyncio, os, signal, sys
from app.worker import Worker
from feedback.events import FeedbackReceived
from kernel.clock import SystemClock
from tenancy.registry import Registry
from tenancy.session import Database

class NoMail:
    async def deliver_due(self, tenant):
        return 0

async def effect(session, clock, event, queued):
    await session.fetch(
        "insert into audit (at, action, actor_kind, target_type, target_id, correlation_id)"
        " values (now(), 'effect', 'system', 'event', $1, $2)", event.feedback_id, str(queued.id))

async def main():
    async with Database(sys.argv[1], pool_size=3) as database:
        await Worker(database=database, registry=Registry(), clock=SystemClock(),
                     handlers={FeedbackReceived: (effect,)}, deliverer=NoMail()).run()

asyncio.run(main())
"""


@pytest.mark.slow
async def test_workers_killed_at_random_moments_lose_nothing_and_double_nothing(
    database: Database, database_url: str, tenant: Tenant, other: Tenant
) -> None:
    count = 400
    for place in (tenant, other):
        await happen(database, place, *(FeedbackReceived(number) for number in range(count)))

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", _DOOMED, database_url,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    async def progress() -> int:
        return len(await effects_of(database, tenant)) + len(await effects_of(database, other))

    for goal in (20, 90, 200, 350):

        async def killed_over_it(goal: int = goal) -> bool:
            return await progress() >= goal

        doomed = await start()
        await until(killed_over_it, seconds=60)
        doomed.kill()
        await doomed.wait()
    assert await progress() < 2 * count
    # What the dead held comes back when its lease is over; the test does not wait for the clock.
    for place in (tenant, other):
        async with database.transaction(place) as session:
            await session.fetch("update outbox set available_at = now() where state = 'pending'")
    last = make_worker(database, Registry(await list_tenants(database)), SystemClock(), Effects())
    await last.drain()
    for place in (tenant, other):
        assert await effects_of(database, place) == list(range(count))
        assert {row["state"] for row in await rows(database, place, "outbox")} == {"done"}
