"""Every message to somebody outside, from plan to final state."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base, BigId, CreatedAt
from kernel.sql import one_of

STATES = ("scheduled", "sending", "delivered", "undeliverable")


class Delivery(Base):
    """One message to one recipient; it ends delivered, or undeliverable with a reason."""

    __tablename__ = "delivery"
    __table_args__ = (
        CheckConstraint(one_of("state", STATES), name="state"),
        CheckConstraint("state <> 'undeliverable' or reason is not null", name="reason"),
        Index(
            "ix_delivery_due",
            "next_attempt_at",
            "id",
            postgresql_where=text("state in ('scheduled', 'sending')"),
        ),
    )

    id: Mapped[BigId]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    """Event, message and recipient role: an event handled twice makes one delivery."""
    feedback_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("feedback.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("message.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff.id"), index=True)
    channel: Mapped[str]
    template: Mapped[str]
    recipient: Mapped[str]
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=text("'scheduled'"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    reason: Mapped[str | None]
    """Why it cannot be delivered, or why the last attempt failed."""
    delivered_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
