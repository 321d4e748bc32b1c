"""Tables of people who work here, their sessions, and the audit trail."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import Base, BigId, CreatedAt, Json
from kernel.sql import one_of

ROLES = ("handler", "lead", "publisher", "admin", "auditor")


class StaffAccount(Base):
    """A person who works for the municipality."""

    __tablename__ = "staff"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[BigId]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    language: Mapped[str]
    password_hash: Mapped[str | None]
    """argon2id, with its parameters; none for accounts of the single sign-on."""
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    created_at: Mapped[CreatedAt]
    modified_at: Mapped[CreatedAt]


class StaffRole(Base):
    """A role a person has: a handler's for a unit, a lead's for a department, the others for the whole municipality."""

    __tablename__ = "staff_role"
    __table_args__ = (
        CheckConstraint(one_of("role", ROLES), name="role"),
        CheckConstraint("(role = 'handler') = (unit is not null)", name="handler_unit"),
        CheckConstraint("(role = 'lead') = (department is not null)", name="lead_department"),
        UniqueConstraint("staff_id", "role", "unit", "department", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[BigId]
    staff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff.id"))
    role: Mapped[str]
    unit: Mapped[str | None]
    department: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class SessionRow(Base):
    """A signed-in staff member, or a resident who opened a feedback with its tracking code."""

    __tablename__ = "session"
    __table_args__ = (
        CheckConstraint("(staff_id is null) <> (feedback_id is null)", name="whose"),
        Index("ix_session_expires_at", "expires_at"),
    )

    id_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of the cookie's value, which is 256 random bits."""
    staff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff.id"), index=True)
    feedback_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    """No foreign key: the table belongs to a lower layer than `feedback`; an erased feedback's sessions just end."""
    seen_at: Mapped[datetime]
    """Moved forward at most once a minute, for the idle limit."""
    expires_at: Mapped[datetime]
    """The absolute limit."""
    created_at: Mapped[CreatedAt]


class Throttle(Base):
    """How often something was tried within a window; keys are keyed hashes, no address or e-mail is kept."""

    __tablename__ = "throttle"
    __table_args__ = ({"prefixes": ["UNLOGGED"]},)

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    count: Mapped[int]
    window_ends_at: Mapped[datetime]
    created_at: Mapped[CreatedAt]


class AuditRow(Base):
    """Who did or read what. No personal data; the tenant's role may add rows and read them, nothing else."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_target", "target_type", "target_id"), Index("ix_audit_at", "at"))

    id: Mapped[BigId]
    at: Mapped[datetime]
    action: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    target_type: Mapped[str]
    target_id: Mapped[int | None] = mapped_column(BigInteger)
    details: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    correlation_id: Mapped[str]
    created_at: Mapped[CreatedAt]
