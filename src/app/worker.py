"""Carries out what transactions left behind: events of the outbox and due deliveries, tenant by tenant.

Each tenant has a task of its own that looks for work, and one task each for its events and for its deliveries while
there are any: a busy, slow or broken tenant keeps nobody waiting but itself. They share the connection pool, which
serves in order of asking; give it a long `pool_timeout_seconds`, waiting is not an error here.

A look is every half second while there is work and less often when there is none. The service rings a `Bell` after its
commits, so that quiet tenants are served at once; without it (PgBouncer in transaction mode carries no LISTEN) the
next look finds the work.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Protocol

import asyncpg
import msgspec
from sqlalchemy.exc import SQLAlchemyError

from kernel import outbox
from kernel.clock import Clock
from kernel.errors import AppError
from kernel.log import get_logger
from kernel.outbox import Event, LeaseLost, Queued
from tenancy.registry import Registry
from tenancy.session import Database, TenantSession
from tenancy.tenant import Tenant

Handler = Callable[[TenantSession, Clock, Event, Queued], Awaitable[None]]
Handlers = Mapping[type[Event], Sequence[Handler]]

BATCH = 10
_DATABASE_ERRORS = (AppError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

_DUE = """
select exists (select 1 from outbox where state = 'pending' and available_at <= $1),
       exists (select 1 from delivery where state in ('scheduled', 'sending') and next_attempt_at <= $1)
"""

_log = get_logger()


class Deliverer(Protocol):
    """Sends a tenant's due messages (`notifications.service.Postman`)."""

    async def deliver_due(self, tenant: Tenant) -> int:
        """How many there were; 0 when none is left."""
        ...


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often the worker looks, in seconds."""

    shortest: float = 0.5
    longest: float = 5.0
    """With the leases of 20 s: what a dead worker held is taken up again within 30 s."""
    registry: float = 10.0
    """How soon a suspension or a new tenant is noticed."""
    stop: float = 25.0
    """How long a stop waits for mails under way; within the 30 s that Kubernetes gives."""


class UnknownEvent(AppError):
    """A row that this release has no handlers for: an older or newer release's. It is retried, then held."""


class Worker:
    """The loop of one process. Any number of processes may run side by side."""

    def __init__(
        self,
        *,
        database: Database,
        registry: Registry,
        clock: Clock,
        handlers: Handlers,
        deliverer: Deliverer,
        pace: Pace | None = None,
    ) -> None:
        """`handlers` is the table of `app.wiring`: each event's handlers run in one transaction, in their order."""
        self._database = database
        self._registry = registry
        self._clock = clock
        self._handlers = {event.name(): (event, tuple(reactions)) for event, reactions in handlers.items()}
        self._deliverer = deliverer
        self._pace = pace or Pace()
        self._stopping = asyncio.Event()
        self._tenants: dict[str, _TenantLoop] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Finish what is in hand and end `run`; for the signal handler."""
        self._stopping.set()
        for loop in self._tenants.values():
            loop.stop()

    async def run(self) -> None:
        """Work until `stop`."""
        _log.info("worker_started")
        listening = asyncio.create_task(self._listen())
        try:
            while not self._stopping.is_set():
                await self._follow_registry()
                await _wait(self._stopping, self._pace.registry)
        finally:
            listening.cancel()
            self.stop()
            await asyncio.gather(listening, return_exceptions=True)
            await asyncio.gather(*(loop.ended(self._pace.stop) for loop in self._tenants.values()), *self._leaving)
        _log.info("worker_stopped")

    async def drain(self) -> int:
        """Do all that is due now, for every active tenant, and return how much it was; for tests and the demo.

        What fails is put back for later as always; what is due later stays.
        """
        await self._registry.refresh(self._database)
        done = 0
        for tenant in self._registry.active():
            while worked := await self.handle_due(tenant) + await self._deliverer.deliver_due(tenant):
                done += worked
        return done

    async def handle_due(self, tenant: Tenant, *, limit: int = BATCH) -> int:
        """Handle up to `limit` due events of a tenant; how many there were, failed ones too."""
        async with self._database.transaction(tenant) as session:
            claimed = await outbox.claim(session, self._clock, limit=limit)
        for position, queued in enumerate(claimed):
            if self._stopping.is_set():
                async with self._database.transaction(tenant) as session:
                    await outbox.put_back(session, self._clock, claimed[position:])
                return position
            await self._handle(tenant, queued)
        return len(claimed)

    async def _handle(self, tenant: Tenant, queued: Queued) -> None:
        context = {"tenant": tenant.slug, "event_id": queued.id, "event_name": queued.event}
        try:
            async with asyncio.timeout(outbox.LEASE.total_seconds()), self._database.transaction(tenant) as session:
                await outbox.complete(session, self._clock, queued)
                event, reactions = self._read(queued)
                for react in reactions:
                    await react(session, self._clock, event, queued)
        except LeaseLost:
            _log.warning("event_lease_lost", **context)
        except Exception as error:  # noqa: BLE001 - whatever a handler does, its event is put back and others go on
            async with self._database.transaction(tenant) as session:
                state = await outbox.fail(session, self._clock, queued, error)
            log = _log.error if state == "held" else _log.warning
            log("event_failed", **context, attempt=queued.attempts, state=state, error=outbox.describe(error))

    def _read(self, queued: Queued) -> tuple[Event, Sequence[Handler]]:
        known = self._handlers.get(queued.event)
        if known is None:
            raise UnknownEvent("unknown_event", event=queued.event)
        return known[0].from_payload(queued.payload), known[1]

    async def due(self, tenant: Tenant) -> tuple[bool, bool]:
        """Whether the tenant has due events, and due deliveries."""
        async with self._database.transaction(tenant, read_only=True) as session:
            row = await session.fetch_row(_DUE, self._clock.now())
        return (bool(row[0]), bool(row[1])) if row else (False, False)

    async def _follow_registry(self) -> None:
        try:
            await self._registry.refresh(self._database)
        except _DATABASE_ERRORS as error:
            _log.warning("registry_not_read", error=outbox.describe(error))
            return
        active = {tenant.slug: tenant for tenant in self._registry.active()}
        for slug in self._tenants.keys() - active.keys():
            loop = self._tenants.pop(slug)
            loop.stop()
            leaving = asyncio.create_task(loop.ended(self._pace.stop))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        for slug, tenant in active.items():
            if slug in self._tenants:
                self._tenants[slug].tenant = tenant
            else:
                self._tenants[slug] = _TenantLoop(tenant, self, self._deliverer, self._pace)

    async def _listen(self) -> None:
        """Be woken by the bell; come back when the connection breaks."""
        while True:
            try:
                async with self._database.listen(outbox.CHANNEL, self._wake) as connection:
                    while not connection.is_closed():
                        await asyncio.sleep(self._pace.longest)
                        await connection.execute("select 1", timeout=self._pace.longest)
            except _DATABASE_ERRORS as error:
                _log.warning("bell_not_heard", error=outbox.describe(error))
            await asyncio.sleep(self._pace.longest)

    def _wake(self, slug: str) -> None:
        loop = self._tenants.get(slug)
        if loop is not None:
            loop.wake()


class _TenantLoop:
    """Looks for one tenant's work and starts it, until stopped."""

    def __init__(self, tenant: Tenant, worker: Worker, deliverer: Deliverer, pace: Pace) -> None:
        self.tenant = tenant
        """Replaced when the registry knows it differently."""
        self._worker = worker
        self._deliverer = deliverer
        self._pace = pace
        self._stopping = False
        self._troubled = False
        self._woken = asyncio.Event()
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._looking = asyncio.create_task(self._look(), name=f"look {tenant.slug}")

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def stop(self) -> None:
        """Take nothing new."""
        self._stopping = True
        self._woken.set()

    async def ended(self, patience_seconds: float) -> None:
        """Wait until what was in hand is done; break it off when that takes too long (its lease runs out)."""
        tasks = [self._looking, *self._lanes.values()]
        _, late = await asyncio.wait(tasks, timeout=patience_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> None:
        pause = self._pace.shortest
        while not self._stopping:
            self._woken.clear()
            try:
                events, deliveries = await self._worker.due(self.tenant)
            except _DATABASE_ERRORS as error:
                _log.warning("tenant_not_looked_at", tenant=self.tenant.slug, error=outbox.describe(error))
                events = deliveries = False
            if events:
                self._start("events", lambda: self._worker.handle_due(self.tenant))
            if deliveries:
                self._start("deliveries", lambda: self._deliverer.deliver_due(self.tenant))
            busy = (events or deliveries) and not self._troubled
            pause = self._pace.shortest if busy else min(pause * 2, self._pace.longest)
            if await _wait(self._woken, pause):
                pause = self._pace.shortest

    def _start(self, lane: str, work: Callable[[], Coroutine[Any, Any, int]]) -> None:
        running = self._lanes.get(lane)
        if running is None or running.done():
            self._lanes[lane] = asyncio.create_task(self._work(lane, work), name=f"{lane} {self.tenant.slug}")

    async def _work(self, lane: str, work: Callable[[], Coroutine[Any, Any, int]]) -> None:
        try:
            while not self._stopping and await work():
                self.wake()  # handled events make deliveries
            self._troubled = False
        except Exception as error:  # noqa: BLE001 - the next look starts it anew; this tenant's trouble is its own
            self._troubled = True
            log = _log.warning if isinstance(error, _DATABASE_ERRORS) else _log.exception
            log("tenant_work_failed", tenant=self.tenant.slug, lane=lane, error=outbox.describe(error))


class Bell:
    """Tells workers which tenants have new events: rung after a commit, sounded for many at once a moment later.

    NOTIFY inside the transaction makes the commits of all tenants queue for one lock: 1 000 to 4 000 commits a second
    instead of 8 000 to 12 000 (one-row inserts, 16 and 64 connections, 2 cores, measured 2026-11-24). This costs the
    request nothing.
    A ring that is lost (a crash, a broken connection) only means that the worker's next look finds the event.
    """

    def __init__(self, database: Database, *, delay_seconds: float = 0.1) -> None:
        self._database = database
        self._delay_seconds = delay_seconds
        self._rung: set[str] = set()
        self._sound: asyncio.Event = asyncio.Event()

    def ring(self, slug: str) -> None:
        """Say that this tenant has work; for `session.after_commit`."""
        self._rung.add(slug)
        self._sound.set()

    async def run(self) -> None:
        """Sound it until cancelled; a task of the service's process."""
        while True:
            await self._sound.wait()
            await asyncio.sleep(self._delay_seconds)
            self._sound.clear()
            rung, self._rung = self._rung, set()
            try:
                await self._notify(rung)
            except _DATABASE_ERRORS as error:
                _log.warning("bell_not_sounded", error=outbox.describe(error))

    async def _notify(self, slugs: Iterable[str]) -> None:
        async with self._database.platform_transaction() as session:
            await session.fetch("select pg_notify($1, slug) from unnest($2::text[]) as slug", outbox.CHANNEL, [*slugs])


async def run_until_signalled(worker: Worker) -> None:
    """Run until SIGTERM or SIGINT; a second one does not make it any faster."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()


async def _wait(event: asyncio.Event, seconds: float) -> bool:
    """Wait for the event at most so long; whether it came."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
