"""Events that must have an effect outside: written in the transaction that made them, carried out by the worker.

An event is handled if and only if its transaction commits. A worker claims it with a lease; what it does with it is in
`app.worker` and `app.wiring`. Handlers may run twice after a crash and are written for it (ADR 0004).

Life of a row: `pending` until its handlers and its completion have committed together (`done`), or until it has failed
`MAX_ATTEMPTS` times (`held`: it waits for a person, and others go on). `attempts` doubles as a fencing token: whoever
lost the lease can neither complete nor fail what another worker has claimed since.
"""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

import msgspec
from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.database import Base, BigId, CreatedAt, Json
from kernel.errors import AppError, Conflict
from kernel.sql import one_of

STATES = ("pending", "done", "held")
CHANNEL = "kuulolla_outbox"
"""NOTIFY channel that wakes the worker; the payload is the tenant's slug. Rung after the commit, never inside it:
a transaction that notifies holds a lock on the whole database's notification queue while it commits."""

LEASE = timedelta(seconds=20)
"""With the worker's longest pause between two looks (5 s) a dead worker's event is taken up again within 30 s."""
MAX_ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=2)
LONGEST_RETRY = timedelta(hours=1)

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Outbox(Base):
    """One event waiting for, under, or after its handling."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        Index("ix_outbox_pending", "available_at", "id", postgresql_where=text("state = 'pending'")),
    )

    id: Mapped[BigId]
    event: Mapped[str]
    payload: Mapped[Json]
    """Ids only: what the handler needs it reads, so that an erased person's data does not live on here."""
    state: Mapped[str] = mapped_column(server_default=text("'pending'"))
    available_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    """Not before this; claiming pushes it past the lease, so a dead worker's events come back by themselves."""
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    last_error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class Event(msgspec.Struct, frozen=True):
    """Something that happened: past tense, ids only.

    Its name in the table is the class's in snake_case, so renaming a class needs a migration. Fields it does not know
    are passed over and new ones have a default: rows written by the previous release are read by this one.
    """

    @classmethod
    def name(cls) -> str:
        """What the column `event` says."""
        return _WORD.sub("_", cls.__name__).lower()

    @classmethod
    def from_payload(cls, payload: str) -> Self:
        """Read the column `payload`. Raises msgspec.ValidationError."""
        return msgspec.json.decode(payload, type=cls)


class Queued(msgspec.Struct, frozen=True):
    """A claimed row."""

    id: int
    event: str
    payload: str
    attempts: int
    """This one included."""


class LeaseLost(Conflict):
    """Another worker has claimed it since; what this one did with it must be undone."""


class Rows(Protocol):
    """The part of a tenant's session that is needed here (sessions belong to a higher layer)."""

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Any]:
        """Rows of a hand-written statement."""
        ...


async def enqueue(session: Rows, event: Event, *, at: datetime) -> None:
    """Queue an event in the session's transaction, to be handled from `at` on."""
    await session.fetch(
        "insert into outbox (event, payload, available_at) values ($1, $2::text::jsonb, $3)",
        event.name(),
        msgspec.json.encode(event).decode(),
        at,
    )


# Materialized: without it the planner may run the locking query once a row, and claim more than the limit.
_CLAIM = """
with due as materialized (
  select id from outbox where state = 'pending' and available_at <= $1
   order by available_at, id limit $3 for update skip locked
)
update outbox o set available_at = $2, attempts = o.attempts + 1
  from due where o.id = due.id
returning o.id, o.event, o.payload::text as payload, o.attempts
"""


async def claim(session: Rows, clock: Clock, *, limit: int, lease: timedelta = LEASE) -> list[Queued]:
    """Take due events, oldest first; nobody else gets them until the lease is over."""
    now = clock.now()
    rows = await session.fetch(_CLAIM, now, now + lease, limit)
    return sorted((Queued(*row) for row in rows), key=lambda queued: queued.id)


async def complete(session: Rows, clock: Clock, queued: Queued) -> None:
    """Mark it done; in the handlers' transaction, before them, so that the row stays locked while they work.

    Raises LeaseLost.
    """
    done = await session.fetch(
        "update outbox set state = 'done', done_at = $3, last_error = null"
        " where id = $1 and state = 'pending' and attempts = $2 returning id",
        queued.id,
        queued.attempts,
        clock.now(),
    )
    if not done:
        raise LeaseLost("lease_lost", event_id=queued.id)


async def fail(session: Rows, clock: Clock, queued: Queued, error: BaseException) -> str:
    """Put it back for later, or hold it after the last attempt; its state now, `lost` when another worker has it."""
    state = "held" if queued.attempts >= MAX_ATTEMPTS else "pending"
    failed = await session.fetch(
        "update outbox set state = $3, available_at = $4, last_error = $5"
        " where id = $1 and state = 'pending' and attempts = $2 returning id",
        queued.id,
        queued.attempts,
        state,
        clock.now() + retry_after(queued),
        describe(error),
    )
    return state if failed else "lost"


async def put_back(session: Rows, clock: Clock, claimed: Sequence[Queued]) -> None:
    """Give claimed events back untouched: the worker stops before it came to them."""
    await session.fetch(
        "update outbox o set available_at = $3, attempts = o.attempts - 1"
        " from unnest($1::bigint[], $2::int[]) as mine (id, attempts)"
        " where o.id = mine.id and o.attempts = mine.attempts and o.state = 'pending'",
        [queued.id for queued in claimed],
        [queued.attempts for queued in claimed],
        clock.now(),
    )


async def release(session: Rows, clock: Clock, event_id: int) -> bool:
    """Let a held event be tried again from the start; whether there was one."""
    released = await session.fetch(
        "update outbox set state = 'pending', attempts = 0, available_at = $2"
        " where id = $1 and state = 'held' returning id",
        event_id,
        clock.now(),
    )
    return bool(released)


def retry_after(queued: Queued) -> timedelta:
    """Doubling from FIRST_RETRY to LONGEST_RETRY, spread by up to a quarter so that events do not return in step.

    The spread comes from the row, not from chance: the same failure gives the same times again.
    """
    wait = min(FIRST_RETRY * float(2 ** (queued.attempts - 1)), LONGEST_RETRY)
    spread = (queued.id * 2_654_435_761 + queued.attempts * 40_503) % 1_000 / 1_000
    return wait * (1 + spread / 4)


def describe(error: BaseException) -> str:
    """Kind and code of an error. Never its message: that may hold what a resident wrote."""
    kind = type(error).__name__
    code = error.code if isinstance(error, AppError) else getattr(error, "sqlstate", None)
    return f"{kind}: {code}" if code else kind
