"""Queries of intake and of one feedback's changes. Lists and the desk's detail are in `feedback.queries`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import bindparam, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import func

from auth.models import AuditRow
from feedback.models import Feedback, History, Message, RoutingDecision
from kernel.errors import Conflict
from kernel.outbox import Outbox
from tenancy.session import TenantSession

# One statement for all that an arrival writes: feedback, contact, routing decision, history, audit, outbox. Round
# trips cost as much as rows here (measured; ADR 0002), so this is the one place with hand-written SQL of this size.
# `on conflict do nothing` names no constraint: every unique index arbitrates, so that two requests with one key at one
# time end as one row and one empty result, never as an error.
INTAKE = """
with arrived as (
  insert into feedback (
    reference, tracking_hash, idempotency_hash, request_hash, kind, category, channel, text, language, lat, lon,
    address, unit, department, wants_reply, answer_promised, answer_working_days, permission, nickname, received_at,
    due_at, registry_due_on)
  values ($1 || nextval('feedback_number'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
          $18, $19, $20, $21, $22)
  on conflict do nothing
  returning id, reference
), reachable as (
  insert into contact (feedback_id, name, email, phone)
  select id, $23, $24, $25 from arrived where $26::boolean
), routed as (
  insert into routing_decision (feedback_id, unit, department, path, config_version)
  select id, $13, $14, $27::text::jsonb, $28 from arrived
), noted as (
  insert into history (feedback_id, at, actor_kind, actor_id, action, changes)
  select id, $20, $29, $30::bigint, 'received', $31::text::jsonb from arrived
), audited as (
  insert into audit (at, action, actor_kind, actor_id, target_type, target_id, details, correlation_id)
  select $20, 'feedback_submitted', $29, $30::bigint, 'feedback', id, $31::text::jsonb, $32 from arrived
), queued as (
  insert into outbox (event, payload, available_at)
  select $33::text, jsonb_build_object('feedback_id', id), $20 from arrived where $33::text is not null
)
select id, reference from arrived
"""

# What the first answer said is kept with the history, whatever has become of the feedback since.
REPLAY = """
select f.reference, f.request_hash, f.tracking_hash, h.at as received_at, h.changes::text as changes
  from feedback f join history h on h.feedback_id = f.id and h.action = 'received'
 where f.idempotency_hash = $1
"""

PHOTOS = """
insert into photo (feedback_id, storage_key, media_type, width, height, size_bytes, sha256, alt_text)
select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::int[], $6::int[], $7::bytea[], $8::text[])
"""


class NewMessage(msgspec.Struct, frozen=True):
    """Something said, to be stored with a change."""

    kind: str
    text: str
    language: str
    author_id: int | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """All that one act changes about one feedback; written together or not at all."""

    feedback_id: int
    version: int
    """The version the act was decided on."""
    at: datetime
    actor_kind: str
    actor_id: int | None
    action: str
    correlation_id: str
    values: dict[str, Any] = {}
    """New values of columns of `feedback`."""
    changes: dict[str, Any] = {}
    """Field → [before, after], for the history."""
    note: str | None = None
    message: NewMessage | None = None
    events: Sequence[str] = ()
    """Names of events; each gets `feedback_id` and, when something was said, `message_id`."""
    event_payload: dict[str, Any] = {}
    routed_to: tuple[str, str, list[str], str] | None = None
    """(unit, department, path, configuration version) when the act decided anew where it belongs."""


class Changed(msgspec.Struct, frozen=True):
    """What came of a change."""

    version: int
    message_id: int | None


async def apply_change(session: TenantSession, change: Change) -> Changed:
    """Write a change in one statement. Raises Conflict `stale_version` when somebody was faster."""
    changed = (
        update(Feedback)
        .where(Feedback.id == change.feedback_id, Feedback.version == change.version)
        .values(**change.values, version=Feedback.version + 1, modified_at=change.at)
        .returning(Feedback.id, Feedback.version)
        .cte("changed")
    )
    said = None
    if change.message is not None:
        said = (
            insert(Message)
            .from_select(
                ["feedback_id", "kind", "author_id", "text", "language"],
                select(
                    changed.c.id,
                    literal(change.message.kind),
                    literal(change.message.author_id, Message.author_id.type),
                    literal(change.message.text),
                    literal(change.message.language),
                ),
            )
            .returning(Message.id)
            .cte("said")
        )
    message_id = select(said.c.id).scalar_subquery() if said is not None else literal(None, Message.id.type)
    statement = select(changed.c.version, message_id.label("message_id")).select_from(changed)
    history = insert(History).from_select(
        ["feedback_id", "at", "actor_kind", "actor_id", "action", "changes", "note"],
        select(
            changed.c.id,
            literal(change.at),
            literal(change.actor_kind),
            literal(change.actor_id, History.actor_id.type),
            literal(change.action),
            literal(change.changes, JSONB),
            literal(change.note, History.note.type),
        ),
    )
    audit = insert(AuditRow).from_select(
        ["at", "action", "actor_kind", "actor_id", "target_type", "target_id", "details", "correlation_id"],
        select(
            literal(change.at),
            literal(f"feedback_{change.action}"),
            literal(change.actor_kind),
            literal(change.actor_id, AuditRow.actor_id.type),
            literal("feedback"),
            changed.c.id,
            literal(change.changes, JSONB),
            literal(change.correlation_id),
        ),
    )
    statement = statement.add_cte(history.cte("noted"), audit.cte("audited"))
    for position, event in enumerate(change.events):
        payload = func.jsonb_strip_nulls(
            func.jsonb_build_object("feedback_id", changed.c.id, "message_id", message_id).op("||")(
                bindparam(None, change.event_payload, JSONB)
            )
        )
        queued = insert(Outbox).from_select(
            ["event", "payload", "available_at"],
            select(literal(event), payload, literal(change.at)).select_from(changed),
        )
        statement = statement.add_cte(queued.cte(f"queued_{position}"))
    if change.routed_to is not None:
        unit, department, path, config_version = change.routed_to
        routed = insert(RoutingDecision).from_select(
            ["feedback_id", "unit", "department", "path", "config_version"],
            select(changed.c.id, literal(unit), literal(department), literal(path, JSONB), literal(config_version)),
        )
        statement = statement.add_cte(routed.cte("routed"))
    row = (await session.execute(statement)).first()
    if row is None:
        raise Conflict("stale_version", version=change.version)
    return Changed(row.version, row.message_id)
