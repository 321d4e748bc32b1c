"""The audit trail: who did or read what. Append-only: the tenant's role may add rows and read them, nothing else.

No row holds personal data: people are ids, contents are codes. What a feedback's changes write stands in
`feedback.repository` and `publication.repository`, in the statement that makes the change.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec
from sqlalchemy import and_, insert, select, tuple_

from auth.actions import Action
from auth.actor import Actor, actor_id, actor_kind
from auth.models import AuditRow, StaffAccount
from auth.policy import require
from kernel.clock import Clock
from kernel.pagination import Cursor, Page, cut
from tenancy.session import TenantSession

Detail = str | int | bool | None | list[str]


class AuditEvent(StrEnum):
    """What is recorded on its own; the changes of a feedback are recorded as `feedback_<what was done>`."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    STAFF_CREATED = "staff_created"
    STAFF_DEACTIVATED = "staff_deactivated"
    PASSWORD_SET = "password_set"  # noqa: S105 - the name of an event
    FEEDBACK_OPENED = "feedback_opened"
    """A sender opened their own with the tracking code."""
    FEEDBACK_READ = "feedback_read"
    CONTACT_READ = "contact_read"


async def record(
    session: TenantSession,
    clock: Clock,
    actor: Actor,
    event: AuditEvent,
    target_type: str,
    target_id: int | None,
    details: Mapping[str, Detail] | None = None,
    *,
    correlation_id: str,
) -> None:
    """Add a row, in the transaction of what it records. `details` holds codes and numbers, never personal data."""
    await session.execute(
        insert(AuditRow).values(
            at=clock.now(),
            action=event.value,
            actor_kind=actor_kind(actor),
            actor_id=actor_id(actor),
            target_type=target_type,
            target_id=target_id,
            details=dict(details or {}),
            correlation_id=correlation_id,
        )
    )


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows to list; all that are given must hold."""

    action: str | None = None
    staff_id: int | None = None
    target_type: str | None = None
    target_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is not listed any more."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row as an auditor reads it."""

    id: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: int | None
    actor_name: str | None
    """Name of the staff member as it is now; it is not part of the row."""
    target_type: str
    target_id: int | None
    details: dict[str, object]
    correlation_id: str


async def list_audit(
    session: TenantSession, actor: Actor, where: AuditFilter, cursor: Cursor | None, limit: int
) -> Page[AuditEntry]:
    """Newest first. Raises NotAllowed unless the actor is an auditor."""
    require(actor, Action.READ_AUDIT)
    statement = (
        select(
            AuditRow.id,
            AuditRow.at,
            AuditRow.action,
            AuditRow.actor_kind,
            AuditRow.actor_id,
            StaffAccount.name.label("actor_name"),
            AuditRow.target_type,
            AuditRow.target_id,
            AuditRow.details,
            AuditRow.correlation_id,
        )
        .join(StaffAccount, and_(AuditRow.actor_kind == "staff", StaffAccount.id == AuditRow.actor_id), isouter=True)
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(limit + 1)
    )
    if where.staff_id is not None:
        statement = statement.where(AuditRow.actor_kind == "staff", AuditRow.actor_id == where.staff_id)
    if where.action is not None:
        statement = statement.where(AuditRow.action == where.action)
    if where.target_type is not None:
        statement = statement.where(AuditRow.target_type == where.target_type)
    if where.target_id is not None:
        statement = statement.where(AuditRow.target_id == where.target_id)
    if where.since is not None:
        statement = statement.where(AuditRow.at >= where.since)
    if where.until is not None:
        statement = statement.where(AuditRow.at < where.until)
    if cursor is not None:
        statement = statement.where(tuple_(AuditRow.at, AuditRow.id) < (cursor.at, cursor.id))
    rows = [AuditEntry(**row) for row in (await session.execute(statement)).mappings()]
    return cut(rows, limit, lambda row: Cursor(row.at, row.id))
