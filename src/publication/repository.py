"""Queries of the public copies, and the one statement that writes a judgement."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, and_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import func

from auth.actions import Action
from auth.actor import Actor
from feedback.access import visible_feedback
from feedback.models import Feedback, Message
from kernel.errors import Conflict
from kernel.pagination import Cursor, Page, cut
from publication.models import Publication
from tenancy.session import TenantSession

CHANNEL = "kuulolla_published"
"""NOTIFY channel that tells every process to drop a tenant's cached public pages; the payload is the slug."""

# The judgement, the history, the audit, what the sender is told, and the word to the caches: together or not at all.
# `$6` is the version the decision was made on, 0 for the first judgement of a text.
_DECIDE = """
with given as (
  select $1::bigint as feedback_id, $2::bigint as message_id, $3::text as state, $4::text as public_text,
         $5::text as shown_name, $7::text as reason, $8::bigint as staff_id, $9::timestamptz as at,
         $10::text as actor_kind, $11::text as action
), decided as (
  insert into publication as p (feedback_id, message_id, state, public_text, shown_name, reason, decided_by_id,
                                decided_at, published_at, modified_at)
  select g.feedback_id, g.message_id, g.state, g.public_text, g.shown_name, g.reason, g.staff_id,
         g.at, case when g.state = 'published' then g.at end, g.at
    from given g
   where $6::int = 0 or exists (select from publication o where o.feedback_id = g.feedback_id
                                   and o.message_id is not distinct from g.message_id)
  on conflict (feedback_id, message_id) do update
     set state = excluded.state, public_text = coalesce(excluded.public_text, p.public_text),
         shown_name = excluded.shown_name, reason = excluded.reason, decided_by_id = excluded.decided_by_id,
         decided_at = excluded.decided_at, published_at = coalesce(excluded.published_at, p.published_at),
         modified_at = excluded.modified_at, version = p.version + 1
   where p.version = $6::int
  returning p.id, p.version
), noted as (
  insert into history (feedback_id, at, actor_kind, actor_id, action, changes, note)
  select g.feedback_id, g.at, g.actor_kind, g.staff_id, g.action,
         jsonb_build_object('publication', jsonb_build_array(null, g.state),
                            'message_id', jsonb_build_array(null, g.message_id)), g.reason
    from decided, given g
), audited as (
  insert into audit (at, action, actor_kind, actor_id, target_type, target_id, details, correlation_id)
  select g.at, 'feedback_' || g.action, g.actor_kind, g.staff_id, 'feedback', g.feedback_id,
         jsonb_build_object('message_id', g.message_id), $12::text
    from decided, given g
), queued as (
  insert into outbox (event, payload, available_at)
  select $13::text, jsonb_strip_nulls(jsonb_build_object('feedback_id', g.feedback_id, 'message_id', g.message_id)),
         g.at
    from decided, given g where $13::text is not null
)
select version, pg_notify('kuulolla_published', $14::text) from decided
"""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A judgement on one text, ready to be written."""

    feedback_id: int
    message_id: int | None
    state: str
    public_text: str | None
    shown_name: str | None
    reason: str | None
    version: int
    actor_kind: str
    staff_id: int | None
    at: datetime
    action: str
    event: str | None
    correlation_id: str


async def decide(session: TenantSession, decision: Decision) -> int:
    """Write a judgement; its new version. Raises Conflict when another one came first."""
    row = await session.fetch_row(
        _DECIDE,
        decision.feedback_id,
        decision.message_id,
        decision.state,
        decision.public_text,
        decision.shown_name,
        decision.version,
        decision.reason,
        decision.staff_id,
        decision.at,
        decision.actor_kind,
        decision.action,
        decision.correlation_id,
        decision.event,
        session.tenant.slug,
    )
    if row is None:
        raise Conflict("stale_version", version=decision.version)
    version: int = row["version"]
    return version


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A text of one feedback with its judgement, for the desk."""

    message_id: int | None
    state: str
    public_text: str | None
    reason: str | None
    decided_at: datetime
    published_at: datetime | None
    version: int


async def list_judged(session: TenantSession, feedback_id: int) -> list[Judged]:
    """Every judgement on a feedback and its answers."""
    columns = [getattr(Publication, name) for name in Judged.__struct_fields__]
    rows = await session.execute(
        select(*columns).where(Publication.feedback_id == feedback_id).order_by(Publication.id)
    )
    return [Judged(**row) for row in rows.mappings()]


class PublicAnswer(msgspec.Struct, frozen=True):
    """A published answer."""

    text: str
    language: str
    answered_at: datetime
    published_at: datetime


class PublicFeedback(msgspec.Struct, frozen=True, kw_only=True):
    """A published feedback: the copy, and nothing of the original that was not judged."""

    id: int
    reference: str
    kind: str
    category: str
    text: str
    shown_name: str | None
    status: str
    unit: str
    language: str
    lat: float | None
    lon: float | None
    received_at: datetime
    published_at: datetime
    modified_at: datetime
    answers: list[PublicAnswer]


class PublicFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which published feedback to list."""

    kind: str | None = None
    category: str | None = None
    query: str | None = None
    """Words that must all stand in the public text."""


def _is_public(never: Collection[str]) -> ColumnElement[bool]:
    """The one condition under which anything is public. Permission is looked at again, not only when deciding."""
    return and_(
        Publication.state == "published",
        Publication.message_id.is_(None),
        Publication.feedback_id == Feedback.id,
        Feedback.permission != "none",
        Feedback.status.not_in(["rejected", "merged"]),
        Feedback.category.not_in(never),
    )


def _public_columns() -> list[Any]:
    answer = Publication.__table__.alias("answer")
    answers = (
        select(
            func.coalesce(
                func.jsonb_agg(
                    aggregate_order_by(
                        func.jsonb_build_object(
                            "text", answer.c.public_text,
                            "language", Message.language,
                            "answered_at", Message.created_at,
                            "published_at", answer.c.published_at,
                        ),
                        Message.id,
                    )
                ),
                func.jsonb_build_array(),
            )
        )
        .select_from(answer.join(Message.__table__, Message.id == answer.c.message_id))
        .where(answer.c.feedback_id == Feedback.id, answer.c.state == "published")
        .scalar_subquery()
    )  # fmt: skip
    return [
        Publication.id, Feedback.reference, Feedback.kind, Feedback.category, Publication.public_text.label("text"),
        Publication.shown_name, Feedback.status, Feedback.unit, Feedback.language, Feedback.lat, Feedback.lon,
        Feedback.received_at,
        Publication.published_at, Publication.modified_at, answers.label("answers"),
    ]  # fmt: skip


async def list_public(
    session: TenantSession, where: PublicFilter, cursor: Cursor | None, limit: int, *, never: Collection[str]
) -> Page[PublicFeedback]:
    """Published feedback, newest first; `never` are the categories that are never published, whatever was decided."""
    statement = (
        select(*_public_columns())
        .where(_is_public(never))
        .order_by(Publication.published_at.desc(), Publication.id.desc())
        .limit(limit + 1)
    )
    if where.kind:
        statement = statement.where(Feedback.kind == where.kind)
    if where.category:
        statement = statement.where(Feedback.category == where.category)
    for word in (where.query or "").split()[:10]:
        statement = statement.where(Publication.public_text.icontains(word, autoescape=True))
    if cursor is not None:
        statement = statement.where(tuple_(Publication.published_at, Publication.id) < (cursor.at, cursor.id))
    rows = [_public(dict(row)) for row in (await session.execute(statement)).mappings()]
    return cut(rows, limit, lambda row: Cursor(row.published_at, row.id))


async def find_public(session: TenantSession, reference: str, *, never: Collection[str]) -> PublicFeedback | None:
    """One published feedback; None when there is none or it is not public."""
    row = (
        (await session.execute(select(*_public_columns()).where(_is_public(never), Feedback.reference == reference)))
        .mappings()
        .first()
    )
    return _public(dict(row)) if row is not None else None


def _public(row: dict[str, object]) -> PublicFeedback:
    return msgspec.convert(row, PublicFeedback)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A feedback that waits for the city's judgement."""

    id: int
    reference: str
    kind: str
    category: str
    text: str
    permission: str
    nickname: str | None
    status: str
    unit: str
    received_at: datetime
    feedback_state: str | None
    """None: the question has not been judged yet."""
    answers_waiting: int


async def list_waiting(
    session: TenantSession, actor: Actor, never: list[str], cursor: Cursor | None, limit: int
) -> Page[Waiting]:
    """What may be published and waits for a decision, oldest first; `never` are categories that never are published."""
    judged = select(Publication.state).where(Publication.feedback_id == Feedback.id, Publication.message_id.is_(None))
    answers = (
        select(func.count())
        .select_from(Message)
        .where(
            Message.feedback_id == Feedback.id,
            Message.kind == "answer",
            ~select(Publication.id).where(Publication.message_id == Message.id).exists(),
        )
        .scalar_subquery()
    )
    state = judged.scalar_subquery()
    statement = (
        select(
            Feedback.id, Feedback.reference, Feedback.kind, Feedback.category, Feedback.text, Feedback.permission,
            Feedback.nickname, Feedback.status, Feedback.unit, Feedback.received_at, state.label("feedback_state"),
            answers.label("answers_waiting"),
        )
        .where(
            visible_feedback(actor, Action.SEE_PUBLICATION_QUEUE),
            Feedback.permission != "none",
            Feedback.status.not_in(["rejected", "merged"]),
            Feedback.category.not_in(never),
            or_(state.is_(None), and_(state == "published", answers > 0)),
        )
        .order_by(Feedback.received_at, Feedback.id)
        .limit(limit + 1)
    )  # fmt: skip
    if cursor is not None:
        statement = statement.where(tuple_(Feedback.received_at, Feedback.id) > (cursor.at, cursor.id))
    rows = [Waiting(**row) for row in (await session.execute(statement)).mappings()]
    return cut(rows, limit, lambda row: Cursor(row.received_at, row.id))
