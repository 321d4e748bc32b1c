"""Events that must have an effect outside: written in the transaction that made them, carried out by the worker.

An event is handled if and only if its transaction commits. A worker claims it with a lease; what it does with it is in
`app.worker` and `app.wiring`. Handlers may run twice after a crash and are written for it (ADR 0004).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base, BigId, CreatedAt, Json
from kernel.sql import one_of

STATES = ("pending", "done", "held")


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
