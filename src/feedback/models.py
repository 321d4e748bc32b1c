"""Tables of feedback. One row each for what is known once; everything that happened is in `history`, append-only."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base, BigId, CreatedAt, Json
from kernel.sql import one_of

KINDS = ("thanks", "feedback", "question", "proposal", "fault")
CHANNELS = ("web", "api", "phone", "counter", "email", "social", "import")
PERMISSIONS = ("none", "anonymous", "nickname")
MESSAGE_KINDS = ("answer", "interim_reply", "question", "resident_message", "comment")
ACTOR_KINDS = ("resident", "staff", "system", "api_client")


class Feedback(Base):
    """One feedback as it stands now."""

    __tablename__ = "feedback"
    __table_args__ = (
        CheckConstraint(one_of("kind", KINDS), name="kind"),
        CheckConstraint(one_of("channel", CHANNELS), name="channel"),
        CheckConstraint(one_of("permission", PERMISSIONS), name="permission"),
        CheckConstraint(
            one_of(
                "status",
                ("received", "in_progress", "waiting_for_resident", "planned", "answered", "handled", "transferred",
                 "rejected", "merged"),
            ),
            name="status",
        ),
        CheckConstraint("(lat is null) = (lon is null)", name="point"),
        Index("ix_feedback_unit_status_received", "unit", "status", "received_at"),
        Index("ix_feedback_received", "received_at", "id"),
        Index("ix_feedback_assignee_id", "assignee_id", postgresql_where=sql("assignee_id is not null")),
        Index("ix_feedback_merged_into_id", "merged_into_id", postgresql_where=sql("merged_into_id is not null")),
    )  # fmt: skip

    id: Mapped[BigId]
    reference: Mapped[str] = mapped_column(unique=True)
    tracking_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """SHA-256 of the tracking code; 115 random bits need no slower hash (ASVS 5.0 V6.5.2)."""
    idempotency_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of what was sent under the idempotency key: the same key with other content is a conflict."""
    kind: Mapped[str]
    category: Mapped[str]
    channel: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    address: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=sql("'received'"))
    version: Mapped[int] = mapped_column(server_default=sql("1"))
    """Grows with every change; a writer who read an older one gets a conflict."""
    unit: Mapped[str]
    department: Mapped[str]
    assignee_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff.id"))
    wants_reply: Mapped[bool]
    answer_promised: Mapped[bool]
    answer_working_days: Mapped[int]
    """The promise as it was at arrival; a later change of the promise leaves this feedback alone."""
    permission: Mapped[str]
    nickname: Mapped[str | None]
    permission_withdrawn_at: Mapped[datetime | None]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    """Since when the clock stands, waiting for the resident."""
    closed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    """First answer."""
    closing_reason: Mapped[str | None]
    """Code of the reason for `handled`."""
    authority: Mapped[str | None]
    """Whose matter it is, for `transferred` (Administrative Procedure Act 434/2003 §21)."""
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("feedback.id"))
    registry_due_on: Mapped[date | None]
    """Day by which a document request or accessibility feedback must be met (14 calendar days)."""
    created_at: Mapped[CreatedAt]
    modified_at: Mapped[CreatedAt]


class Contact(Base):
    """How to reach the sender. Apart from the feedback, so that it can be withheld, counted and erased apart."""

    __tablename__ = "contact"

    feedback_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feedback.id"), primary_key=True)
    name: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Photo(Base):
    """One photo, re-encoded and without metadata; the bytes are in the file store under `storage_key`."""

    __tablename__ = "photo"

    id: Mapped[BigId]
    feedback_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feedback.id"), index=True)
    storage_key: Mapped[str] = mapped_column(unique=True)
    media_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    alt_text: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Message(Base):
    """What was said after the feedback itself, by the staff or the resident."""

    __tablename__ = "message"
    __table_args__ = (CheckConstraint(one_of("kind", MESSAGE_KINDS), name="kind"),)

    id: Mapped[BigId]
    feedback_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feedback.id"), index=True)
    kind: Mapped[str]
    author_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff.id"), index=True)
    text: Mapped[str]
    language: Mapped[str]
    created_at: Mapped[CreatedAt]


class History(Base):
    """Who did what, when, and what changed. The tenant's role may add rows and read them, nothing else."""

    __tablename__ = "history"
    __table_args__ = (CheckConstraint(one_of("actor_kind", ACTOR_KINDS), name="actor_kind"),)

    id: Mapped[BigId]
    feedback_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feedback.id"), index=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    action: Mapped[str]
    changes: Mapped[Json] = mapped_column(server_default=sql("'{}'"))
    """Field → [before, after]; codes only, never a resident's words."""
    note: Mapped[str | None]
    """A cover note or a reason, for the staff."""
    created_at: Mapped[CreatedAt]


class RoutingDecision(Base):
    """Why a feedback came to its unit: the path that matched, and the configuration it was read from."""

    __tablename__ = "routing_decision"

    id: Mapped[BigId]
    feedback_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("feedback.id"), index=True)
    unit: Mapped[str]
    department: Mapped[str]
    path: Mapped[list[str]] = mapped_column(server_default=sql("'[]'"))
    config_version: Mapped[str]
    created_at: Mapped[CreatedAt]
