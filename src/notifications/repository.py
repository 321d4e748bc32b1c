"""Queries of deliveries: planning them, taking those that are due with all their message needs, recording outcomes."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from notifications.messages import Audience, Message
from tenancy.session import TenantSession

_COLUMNS = """
insert into delivery (dedupe_key, feedback_id, message_id, staff_id, channel, template, recipient, language,
                      next_attempt_at, created_at)
"""
# $1 feedback, $2 message or null, $3 event's row in the outbox, $4 template, $5 now
_END = " on conflict (dedupe_key) do nothing"

_TO_SENDER = (
    _COLUMNS
    + """
select $3::bigint || ':' || $4 || ':feedback:' || f.id, f.id, $2::bigint, null, 'email', $4, c.email, f.language, $5, $5
  from feedback f join contact c on c.feedback_id = f.id
 where f.id = $1 and c.email is not null
"""
)

# Duplicates of duplicates too: whoever is merged into this one, directly or by way of another.
_TO_MERGED_SENDERS = (
    _COLUMNS  # noqa: S608 - put together from constants
    + """
select $3::bigint || ':' || $4 || ':feedback:' || f.id, f.id, $2::bigint, null, 'email', $4, c.email, f.language, $5, $5
  from (with recursive joined as (
          select id from feedback where merged_into_id = $1
          union
          select f.id from feedback f join joined on f.merged_into_id = joined.id)
        select id from joined where id <> $1) as duplicate
  join feedback f on f.id = duplicate.id
  join contact c on c.feedback_id = f.id
 where c.email is not null and f.wants_reply
"""
)

_TO_STAFF = (
    _COLUMNS
    + """
select $3::bigint || ':' || $4 || ':staff:' || s.id, f.id, $2::bigint, s.id, 'email', $4, s.email, s.language, $5, $5
  from feedback f join staff s on s.is_active
 where f.id = $1 and s.id in (
"""
)
# The department's leads stand in where a unit has no handler, so that no feedback arrives unseen.
_OF_UNIT = """
  select r.staff_id from staff_role r join staff person on person.id = r.staff_id and person.is_active
   where (r.role = 'handler' and r.unit = f.unit)
      or (r.role = 'lead' and r.department = f.department and not exists (
            select 1 from staff_role other join staff on staff.id = other.staff_id and staff.is_active
             where other.role = 'handler' and other.unit = f.unit))
"""
_ASSIGNEE = f"""
  select f.assignee_id where f.assignee_id is not null
  union all
  select unit.staff_id from ({_OF_UNIT}) as unit where f.assignee_id is null
"""  # noqa: S608 - put together from constants

_PLAN: Mapping[Audience, str] = MappingProxyType(
    {
        Audience.NEW_SENDER: f"{_TO_SENDER} and f.channel <> 'import' {_END}",
        Audience.SENDER: f"{_TO_SENDER} and f.wants_reply {_END}",
        Audience.REACHABLE_SENDER: f"{_TO_SENDER} {_END}",
        Audience.PERMITTING_SENDER: f"{_TO_SENDER} and f.wants_reply and f.permission <> 'none' {_END}",
        Audience.MERGED_SENDERS: f"{_TO_MERGED_SENDERS} {_END}",
        Audience.UNIT: f"{_TO_STAFF} {_OF_UNIT}) {_END}",
        Audience.NEW_UNIT: f"{_TO_STAFF} {_OF_UNIT}) and f.channel <> 'import' {_END}",
        Audience.ASSIGNEE: f"{_TO_STAFF} {_ASSIGNEE}) {_END}",
        Audience.NEW_ASSIGNEE: f"{_TO_STAFF} f.assignee_id) {_END}",
    }
)

# One statement claims and reads: all a message says is read now, so an erased person's words are in no queue.
# `address` is where the recipient is reached today; it is compared with the one planned for.
_TAKE_DUE = """
with due as materialized (
  select id from delivery where state in ('scheduled', 'sending') and next_attempt_at <= $1
   order by next_attempt_at, id limit $3 for update skip locked
), d as (
  update delivery set state = 'sending', attempts = attempts + 1, next_attempt_at = $2
    from due where delivery.id = due.id
  returning delivery.*
)
select d.id, d.template, d.channel, d.recipient, d.language, d.attempts, d.created_at, d.staff_id, d.message_id,
       f.id as feedback_id, f.reference, f.kind, f.category, f.status, f.unit, f.authority, f.answer_promised,
       f.wants_reply, f.due_at, f.merged_into_id,
       case when d.staff_id is null then c.email when s.is_active then s.email end as address,
       m.feedback_id as message_feedback_id, m.text as message_text, m.language as message_language,
       case when d.template = 'merged' then
         (select jsonb_agg(jsonb_build_object('text', a.text, 'language', a.language) order by a.id)
            from message a where a.feedback_id = f.merged_into_id and a.kind = 'answer')::text
       end as kept_answers
  from d
  join feedback f on f.id = d.feedback_id
  left join contact c on c.feedback_id = f.id
  left join staff s on s.id = d.staff_id
  left join message m on m.id = d.message_id
 order by d.id
"""

_AGAIN = """
insert into delivery (dedupe_key, feedback_id, message_id, staff_id, channel, template, recipient, language,
                      next_attempt_at, created_at)
select 'again:' || d.id, d.feedback_id, d.message_id, d.staff_id, d.channel, d.template,
       coalesce(s.email, c.email), d.language, $2, $2
  from delivery d
  left join staff s on s.id = d.staff_id and s.is_active
  left join contact c on c.feedback_id = d.feedback_id and d.staff_id is null
 where d.id = $1 and d.state in ('delivered', 'undeliverable') and coalesce(s.email, c.email) is not null
on conflict (dedupe_key) do update set dedupe_key = excluded.dedupe_key
returning id
"""


class Said(msgspec.Struct, frozen=True):
    """Words of the city that a message passes on."""

    text: str
    language: str


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery in this worker's hands, with what its message says."""

    id: int
    template: str
    channel: str
    recipient: str
    language: str
    attempts: int
    """This one included; also the token by which its outcome is recorded."""
    created_at: datetime
    staff_id: int | None
    message_id: int | None
    feedback_id: int
    reference: str
    kind: str
    category: str
    status: str
    unit: str
    authority: str | None
    answer_promised: bool
    wants_reply: bool
    due_at: datetime
    merged_into_id: int | None
    address: str | None
    message: Said | None
    is_joined: bool
    """The message was said about another feedback, into which this one was merged."""
    kept_answers: list[Said] = []


async def plan(
    session: TenantSession, message: Message, *, event_id: int, feedback_id: int, message_id: int | None, at: datetime
) -> None:
    """Plan a message's deliveries, at most once for each recipient and event."""
    await session.fetch(_PLAN[message.audience], feedback_id, message_id, event_id, message.template, at)


async def take_due(session: TenantSession, *, now: datetime, leased_until: datetime, limit: int) -> list[Due]:
    """Take what is due, oldest first; nobody else gets it until the lease is over."""
    return [_due(dict(row)) for row in await session.fetch(_TAKE_DUE, now, leased_until, limit)]


def _due(row: dict[str, Any]) -> Due:
    about, text, language = (row.pop(f"message_{name}") for name in ("feedback_id", "text", "language"))
    row["message"] = Said(text, language) if text is not None else None
    row["is_joined"] = about is not None and about != row["feedback_id"]
    row["kept_answers"] = msgspec.json.decode(row["kept_answers"] or "[]", type=list[Said])
    return msgspec.convert(row, Due)


async def extend_lease(session: TenantSession, due: Due, *, leased_until: datetime) -> None:
    """Keep a delivery whose sending takes long."""
    await session.fetch(
        "update delivery set next_attempt_at = $3 where id = $1 and attempts = $2 and state = 'sending'",
        due.id,
        due.attempts,
        leased_until,
    )


async def record_delivered(session: TenantSession, due: Due, *, at: datetime) -> bool:
    """It is delivered, whoever holds it by now; whether it was not final before."""
    return bool(
        await session.fetch(
            "update delivery set state = 'delivered', delivered_at = $2, reason = null"
            " where id = $1 and state in ('scheduled', 'sending') returning id",
            due.id,
            at,
        )
    )


async def record_undelivered(
    session: TenantSession, due: Due, *, reason: str, next_attempt_at: datetime | None
) -> bool:
    """It is tried again then, or never; False when another worker has taken it since."""
    return bool(
        await session.fetch(
            "update delivery set state = $3, reason = $4, next_attempt_at = coalesce($5, next_attempt_at)"
            " where id = $1 and attempts = $2 and state = 'sending' returning id",
            due.id,
            due.attempts,
            "undeliverable" if next_attempt_at is None else "scheduled",
            reason,
            next_attempt_at,
        )
    )


async def plan_again(session: TenantSession, delivery_id: int, *, at: datetime) -> int | None:
    """A new delivery of the same message to where the recipient is reached now; None if there is nothing to repeat."""
    row = await session.fetch_row(_AGAIN, delivery_id, at)
    return None if row is None else int(row["id"])


async def find_state(session: TenantSession, delivery_id: int) -> str | None:
    """State of a delivery."""
    row = await session.fetch_row("select state from delivery where id = $1", delivery_id)
    return None if row is None else str(row["state"])


async def list_rows(session: TenantSession, feedback_id: int) -> list[dict[str, Any]]:
    """A feedback's deliveries, oldest first."""
    rows = await session.fetch(
        "select id, template, recipient, state, attempts, reason, created_at, delivered_at, next_attempt_at"
        " from delivery where feedback_id = $1 order by id",
        feedback_id,
    )
    return [dict(row) for row in rows]
