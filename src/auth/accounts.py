"""Accounts of staff: made and closed by an admin, looked up by whoever assigns work or sends mail."""

import re

import msgspec
from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from auth import audit, passwords
from auth.actions import Action
from auth.actor import Actor, Grant, Role, Staff
from auth.audit import AuditEvent
from auth.models import SessionRow, StaffAccount, StaffRole
from auth.policy import require
from kernel.clock import Clock
from kernel.errors import Conflict, FieldProblem, Invalid, NotFound
from tenancy.session import TenantSession

LANGUAGES = ("fi", "sv", "en")
NAME_MAX = 100
EMAIL_MAX = 254
"""RFC 5321 §4.5.3.1.3, less the angle brackets."""
# A login name of ours, not any address that could exist: ASCII, so that lower case means the same here and in the
# database.
_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+")


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """A person who works here, signed in or not."""

    id: int
    email: str
    name: str
    language: str
    is_active: bool
    grants: tuple[Grant, ...]


class NewStaff(msgspec.Struct, frozen=True, kw_only=True):
    """An account to be made."""

    email: str
    name: str
    language: str = "fi"
    grants: tuple[Grant, ...] = ()
    password: str | None = None

    def __repr__(self) -> str:
        return "NewStaff(...)"


def known_email(email: str) -> str:
    """The address as it is stored; empty when it can be no account's."""
    normalised = email.strip().lower()
    return normalised if len(normalised) <= EMAIL_MAX and _EMAIL.fullmatch(normalised) else ""


async def create_staff(
    session: TenantSession,
    clock: Clock,
    actor: Actor,
    new: NewStaff,
    *,
    correlation_id: str,
) -> int:
    """Make an account; its id. Raises Invalid, and Conflict `email_taken`.

    Without a password nobody signs in locally (single sign-on, or a password set later).
    """
    require(actor, Action.MANAGE_USERS)
    email = _check(new)
    hashed = None
    if new.password is not None:
        passwords.check_new_password(new.password, about=(email, new.name))
        hashed = await passwords.hash_password(new.password)
    staff_id = (
        await session.execute(
            postgresql.insert(StaffAccount)
            .values(email=email, name=new.name.strip(), language=new.language, password_hash=hashed)
            .on_conflict_do_nothing(index_elements=[StaffAccount.email])
            .returning(StaffAccount.id)
        )
    ).scalar_one_or_none()
    if staff_id is None:
        raise Conflict("email_taken")
    grants = sorted(set(new.grants), key=lambda grant: (grant.role, grant.unit or "", grant.department or ""))
    if grants:
        rows = [{"staff_id": staff_id, **msgspec.structs.asdict(grant)} for grant in grants]
        await session.execute(insert(StaffRole).values(rows))
    await audit.record(
        session, clock, actor, AuditEvent.STAFF_CREATED, "staff", staff_id,
        {"grants": [_grant_code(grant) for grant in grants]}, correlation_id=correlation_id,
    )  # fmt: skip
    return int(staff_id)


async def set_password(
    session: TenantSession, clock: Clock, actor: Actor, staff_id: int, password: str, *, correlation_id: str
) -> None:
    """Give an account a new password and end its sessions. Raises Invalid, NotFound."""
    require(actor, Action.MANAGE_USERS)
    person = await find_staff(session, staff_id)
    if person is None:
        raise NotFound("staff_not_found")
    passwords.check_new_password(password, about=(person.email, person.name))
    hashed = await passwords.hash_password(password)
    await session.execute(
        update(StaffAccount).where(StaffAccount.id == staff_id).values(password_hash=hashed, modified_at=clock.now())
    )
    await session.execute(delete(SessionRow).where(SessionRow.staff_id == staff_id))
    await audit.record(
        session, clock, actor, AuditEvent.PASSWORD_SET, "staff", staff_id, correlation_id=correlation_id
    )  # fmt: skip


async def deactivate(session: TenantSession, clock: Clock, actor: Actor, staff_id: int, *, correlation_id: str) -> None:
    """Close an account and end its sessions; what the person did stays under their name. Raises NotFound.

    Nobody closes their own (Conflict `own_account`): the last admin would shut the door from outside.
    """
    require(actor, Action.MANAGE_USERS)
    if isinstance(actor, Staff) and actor.id == staff_id:
        raise Conflict("own_account")
    closed = await session.execute(
        update(StaffAccount)
        .where(StaffAccount.id == staff_id, StaffAccount.is_active)
        .values(is_active=False, modified_at=clock.now())
        .returning(StaffAccount.id)
    )
    if closed.first() is None:
        raise NotFound("staff_not_found")
    await session.execute(delete(SessionRow).where(SessionRow.staff_id == staff_id))
    await audit.record(
        session, clock, actor, AuditEvent.STAFF_DEACTIVATED, "staff", staff_id, correlation_id=correlation_id
    )  # fmt: skip


async def find_staff(session: TenantSession, staff_id: int) -> StaffMember | None:
    """An account that is open."""
    return await _find(session, StaffAccount.id == staff_id)


async def find_staff_by_email(session: TenantSession, email: str) -> StaffMember | None:
    """An account that is open, by the address people sign in with."""
    return await _find(session, StaffAccount.email == known_email(email))


async def list_staff_of_unit(session: TenantSession, unit: str, department: str) -> list[StaffMember]:
    """Who may handle the unit's feedback: its handlers, and the leads of its department; by name."""
    return await _list(
        session,
        or_(
            and_(StaffRole.role == Role.HANDLER.value, StaffRole.unit == unit),
            and_(StaffRole.role == Role.LEAD.value, StaffRole.department == department),
        ),
    )


async def list_publishers(session: TenantSession) -> list[StaffMember]:
    """Who decides what is published; by name."""
    return await _list(session, StaffRole.role == Role.PUBLISHER.value)


async def _find(session: TenantSession, which: ColumnElement[bool]) -> StaffMember | None:
    row = (await session.execute(_members().where(which))).mappings().first()
    return msgspec.convert(dict(row), StaffMember) if row else None


async def _list(session: TenantSession, role: ColumnElement[bool]) -> list[StaffMember]:
    having = select(StaffRole.id).where(StaffRole.staff_id == StaffAccount.id, role).exists()
    rows = await session.execute(_members().where(having).order_by(StaffAccount.name, StaffAccount.id))
    return [msgspec.convert(dict(row), StaffMember) for row in rows.mappings()]


def _members() -> Select[tuple[int, str, str, str, bool, object]]:
    grant = func.jsonb_build_object(
        "role", StaffRole.role, "unit", StaffRole.unit, "department", StaffRole.department
    )  # fmt: skip
    granted = func.jsonb_agg(aggregate_order_by(grant, StaffRole.id))
    grants = (
        select(func.coalesce(granted, func.jsonb_build_array(), type_=JSONB))
        .where(StaffRole.staff_id == StaffAccount.id)
        .scalar_subquery()
    )
    return select(
        StaffAccount.id, StaffAccount.email, StaffAccount.name, StaffAccount.language, StaffAccount.is_active,
        grants.label("grants"),
    ).where(StaffAccount.is_active)  # fmt: skip


def _check(new: NewStaff) -> str:
    """The normalised address; or every problem at once."""
    problems: list[FieldProblem] = []
    email = known_email(new.email)
    if not email:
        problems.append(FieldProblem("email", "no_email" if new.email.strip() else "required"))
    name = new.name.strip()
    if not name:
        problems.append(FieldProblem("name", "required"))
    elif len(name) > NAME_MAX:
        problems.append(FieldProblem("name", "too_long", {"longest": NAME_MAX, "length": len(name)}))
    if new.language not in LANGUAGES:
        problems.append(FieldProblem("language", "unknown_value"))
    if any(not _is_complete(grant) for grant in new.grants):
        problems.append(FieldProblem("grants", "unknown_value"))
    if problems:
        raise Invalid(*problems)
    return email


def _is_complete(grant: Grant) -> bool:
    """A handler's grant names a unit, a lead's a department, the others neither."""
    named = (grant.unit is not None, grant.department is not None)
    return named == (grant.role is Role.HANDLER, grant.role is Role.LEAD)


def _grant_code(grant: Grant) -> str:
    return ":".join(part for part in (grant.role.value, grant.unit, grant.department) if part)
