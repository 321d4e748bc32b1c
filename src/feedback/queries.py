"""What the desk reads: the inbox with its counts, and one feedback whole. Every query carries the access predicate."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, insert, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from auth.actions import Action
from auth.actor import Actor, Staff, actor_id, actor_kind
from auth.models import AuditRow, StaffAccount, StaffRole
from auth.policy import require
from feedback.access import visible_feedback
from feedback.models import Contact, Feedback, History, Message, Photo, RoutingDecision
from feedback.status import OPEN
from kernel.errors import NotFound
from kernel.pagination import Cursor, Page, cut
from tenancy.session import TenantSession

DUE_SOON = timedelta(days=1)
"""How long before its due date an open feedback is marked `due soon`."""
SECTIONS = ("open", "mine", "unassigned", "due_soon", "overdue", "waiting", "closed", "all")
_OPEN_CODES = sorted(status.value for status in OPEN)


class InboxFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which feedback to list; all that are given must hold."""

    section: str = "open"
    unit: str | None = None
    status: str | None = None
    kind: str | None = None
    category: str | None = None
    search: str | None = None
    """A reference, or words that must all stand in the text."""


class InboxEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One feedback in a list."""

    id: int
    reference: str
    snippet: str
    kind: str
    category: str
    unit: str
    status: str
    due_at: datetime
    paused_at: datetime | None
    closed_at: datetime | None
    received_at: datetime
    assignee_name: str | None
    photo_count: int


async def list_inbox(
    session: TenantSession, actor: Actor, where: InboxFilter, cursor: Cursor | None, limit: int, now: datetime
) -> Page[InboxEntry]:
    """The actor's feedback, newest first; a search by reference ignores the other filters."""
    require(actor, Action.LIST_FEEDBACK, None)
    photos = select(func.count()).where(Photo.feedback_id == Feedback.id).scalar_subquery()
    statement = (
        select(
            Feedback.id, Feedback.reference, func.left(Feedback.text, 240).label("snippet"), Feedback.kind,
            Feedback.category, Feedback.unit, Feedback.status, Feedback.due_at, Feedback.paused_at,
            Feedback.closed_at, Feedback.received_at, StaffAccount.name.label("assignee_name"),
            photos.label("photo_count"),
        )
        .join(StaffAccount, StaffAccount.id == Feedback.assignee_id, isouter=True)
        .where(visible_feedback(actor, Action.LIST_FEEDBACK))
        .order_by(Feedback.received_at.desc(), Feedback.id.desc())
        .limit(limit + 1)
    )  # fmt: skip
    statement = _narrow(statement, actor, where, now)
    if cursor is not None:
        statement = statement.where(tuple_(Feedback.received_at, Feedback.id) < (cursor.at, cursor.id))
    rows = [InboxEntry(**row) for row in (await session.execute(statement)).mappings()]
    return cut(rows, limit, lambda row: Cursor(row.received_at, row.id))


async def count_sections(session: TenantSession, actor: Actor, now: datetime) -> dict[str, int]:
    """How many feedbacks of the actor's each worklist holds."""
    require(actor, Action.LIST_FEEDBACK, None)
    counted = ("open", "mine", "unassigned", "due_soon", "overdue", "waiting")
    row = (
        await session.execute(
            select(*(func.count().filter(_section(name, actor, now)).label(name) for name in counted))
            .select_from(Feedback)
            .where(visible_feedback(actor, Action.LIST_FEEDBACK), Feedback.status.in_(_OPEN_CODES))
        )
    ).mappings().one()  # fmt: skip
    return dict(row)


def _narrow(statement: Select[Any], actor: Actor, where: InboxFilter, now: datetime) -> Select[Any]:
    search = (where.search or "").strip()
    if search and any(character.isdigit() for character in search) and "-" in search and " " not in search:
        return statement.where(Feedback.reference == search.upper())
    statement = statement.where(_section(where.section, actor, now))
    for column, value in (
        (Feedback.unit, where.unit),
        (Feedback.status, where.status),
        (Feedback.kind, where.kind),
        (Feedback.category, where.category),
    ):
        if value:
            statement = statement.where(column == value)
    for word in search.split()[:10]:
        statement = statement.where(Feedback.text.icontains(word, autoescape=True))
    return statement


def _section(name: str, actor: Actor, now: datetime) -> ColumnElement[bool]:
    is_open = Feedback.status.in_(_OPEN_CODES)
    running = and_(is_open, Feedback.paused_at.is_(None))
    match name:
        case "open":
            return is_open
        case "mine":
            return and_(is_open, Feedback.assignee_id == (actor.id if isinstance(actor, Staff) else 0))
        case "unassigned":
            return and_(is_open, Feedback.assignee_id.is_(None))
        case "due_soon":
            return and_(running, Feedback.due_at > now, Feedback.due_at <= now + DUE_SOON)
        case "overdue":
            return and_(running, Feedback.due_at <= now)
        case "waiting":
            return and_(is_open, Feedback.paused_at.is_not(None))
        case "closed":
            return ~is_open
        case _:
            return or_(is_open, ~is_open)


def due_state(*, closed_at: datetime | None, paused_at: datetime | None, due_at: datetime, now: datetime) -> str:
    """`closed`, `paused`, `overdue`, `due_soon` or `on_time`: the mark people see."""
    if closed_at is not None:
        return "closed"
    if paused_at is not None:
        return "paused"
    if due_at <= now:
        return "overdue"
    return "due_soon" if due_at <= now + DUE_SOON else "on_time"


class DetailMessage(msgspec.Struct, frozen=True):
    """Something said, with its author."""

    id: int
    kind: str
    text: str
    language: str
    created_at: datetime
    author_name: str | None


class DetailStep(msgspec.Struct, frozen=True):
    """A row of the history, with its actor."""

    at: datetime
    actor_kind: str
    action: str
    changes: dict[str, Any]
    note: str | None
    actor_name: str | None


class DetailPhoto(msgspec.Struct, frozen=True):
    """A photo of the feedback."""

    id: int
    width: int
    height: int
    alt_text: str | None


class Colleague(msgspec.Struct, frozen=True):
    """A person this feedback may be given to."""

    id: int
    name: str


class DetailContact(msgspec.Struct, frozen=True):
    """What the sender left; whether it may be shown is the caller's to ask."""

    name: str | None
    email: str | None
    phone: str | None


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """One feedback, whole."""

    id: int
    reference: str
    version: int
    kind: str
    category: str
    channel: str
    text: str
    language: str
    lat: float | None
    lon: float | None
    address: str | None
    status: str
    unit: str
    department: str
    assignee_id: int | None
    wants_reply: bool
    answer_promised: bool
    answer_working_days: int
    permission: str
    nickname: str | None
    received_at: datetime
    due_at: datetime
    paused_at: datetime | None
    closed_at: datetime | None
    closing_reason: str | None
    authority: str | None
    registry_due_on: str | None
    merged_into: str | None
    assignee_name: str | None
    contact: DetailContact | None
    photos: list[DetailPhoto]
    messages: list[DetailMessage]
    history: list[DetailStep]
    routing_path: list[str]
    colleagues: list[Colleague]


async def read_detail(
    session: TenantSession, actor: Actor, reference: str, now: datetime, correlation_id: str
) -> Detail:
    """One feedback with all that belongs to it, and the audit row of having read it, in one statement."""
    require(actor, Action.READ_FEEDBACK, None)
    seen = (
        select(Feedback.id)
        .where(Feedback.reference == reference, visible_feedback(actor, Action.READ_FEEDBACK))
        .cte("seen")
    )
    audited = (
        insert(AuditRow)
        .from_select(
            ["at", "action", "actor_kind", "actor_id", "target_type", "target_id", "correlation_id"],
            select(
                literal(now), literal("feedback_read"), literal(actor_kind(actor)),
                literal(actor_id(actor), AuditRow.actor_id.type), literal("feedback"), seen.c.id,
                literal(correlation_id),
            ),
        )
        .cte("audited")
    )  # fmt: skip
    assignee = StaffAccount.__table__.alias("assignee")
    kept = Feedback.__table__.alias("kept")
    own = {"id", "reference", "version", "kind", "category", "channel", "text", "language", "lat", "lon", "address",
           "status", "unit", "department", "assignee_id", "wants_reply", "answer_promised", "answer_working_days",
           "permission", "nickname", "received_at", "due_at", "paused_at", "closed_at", "closing_reason", "authority",
           "registry_due_on"}  # fmt: skip
    statement = (
        select(
            *(getattr(Feedback, name) for name in Detail.__struct_fields__ if name in own),
            kept.c.reference.label("merged_into"),
            assignee.c.name.label("assignee_name"),
            _contact().label("contact"),
            _photos().label("photos"),
            _messages().label("messages"),
            _history().label("history"),
            _routing_path().label("routing_path"),
            _colleagues().label("colleagues"),
        )
        .join(seen, seen.c.id == Feedback.id)
        .join(assignee, assignee.c.id == Feedback.assignee_id, isouter=True)
        .join(kept, kept.c.id == Feedback.merged_into_id, isouter=True)
        .add_cte(audited)
    )
    row = (await session.execute(statement)).mappings().first()
    if row is None:
        raise NotFound("feedback_not_found")
    return msgspec.convert({**row, "registry_due_on": row["registry_due_on"] and str(row["registry_due_on"])}, Detail)


def _rows(statement: Any) -> Any:
    return func.coalesce(statement.scalar_subquery(), literal([], JSONB))


def _object(**columns: Any) -> Any:
    return func.jsonb_build_object(*(part for name, column in columns.items() for part in (literal(name), column)))


def _contact() -> Any:
    return (
        select(_object(name=Contact.name, email=Contact.email, phone=Contact.phone))
        .where(Contact.feedback_id == Feedback.id)
        .scalar_subquery()
    )


def _photos() -> Any:
    photo = _object(id=Photo.id, width=Photo.width, height=Photo.height, alt_text=Photo.alt_text)
    return _rows(select(func.jsonb_agg(aggregate_order_by(photo, Photo.id))).where(Photo.feedback_id == Feedback.id))


def _messages() -> Any:
    author = StaffAccount.__table__.alias("author")
    message = _object(
        id=Message.id, kind=Message.kind, text=Message.text, language=Message.language,
        created_at=Message.created_at, author_name=author.c.name,
    )  # fmt: skip
    return _rows(
        select(func.jsonb_agg(aggregate_order_by(message, Message.id)))
        .select_from(Message.__table__.outerjoin(author, author.c.id == Message.author_id))
        .where(Message.feedback_id == Feedback.id)
    )


def _history() -> Any:
    person = StaffAccount.__table__.alias("person")
    step = _object(
        at=History.at, actor_kind=History.actor_kind, action=History.action, changes=History.changes,
        note=History.note, actor_name=person.c.name,
    )  # fmt: skip
    by_staff = and_(History.actor_kind == "staff", person.c.id == History.actor_id)
    return _rows(
        select(func.jsonb_agg(aggregate_order_by(step, History.id)))
        .select_from(History.__table__.outerjoin(person, by_staff))
        .where(History.feedback_id == Feedback.id)
    )


def _routing_path() -> Any:
    return _rows(
        select(RoutingDecision.path)
        .where(RoutingDecision.feedback_id == Feedback.id)
        .order_by(RoutingDecision.id.desc())
        .limit(1)
    )


def _colleagues() -> Any:
    """Active handlers of the unit and leads of the department: those `grants_permit` lets answer it."""
    holds = (
        select(StaffRole.id)
        .where(
            StaffRole.staff_id == StaffAccount.id,
            or_(
                and_(StaffRole.role == "handler", StaffRole.unit == Feedback.unit),
                and_(StaffRole.role == "lead", StaffRole.department == Feedback.department),
            ),
        )
        .exists()
    )
    person = _object(id=StaffAccount.id, name=StaffAccount.name)
    return _rows(
        select(func.jsonb_agg(aggregate_order_by(person, StaffAccount.name, StaffAccount.id)))
        .select_from(StaffAccount)
        .where(StaffAccount.is_active, holds)
        .correlate(Feedback)
    )


async def find_photo(session: TenantSession, actor: Actor, action: Action, photo_id: int) -> tuple[str, str]:
    """(storage key, media type) of a photo whose feedback the actor may see. Raises NotFound."""
    require(actor, action, None)
    row = (
        await session.execute(
            select(Photo.storage_key, Photo.media_type)
            .join(Feedback, Feedback.id == Photo.feedback_id)
            .where(Photo.id == photo_id, visible_feedback(actor, action))
        )
    ).first()
    if row is None:
        raise NotFound("photo_not_found")
    return row.storage_key, row.media_type
