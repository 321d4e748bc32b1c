"""The feedback's own page: what the sender sees and may do, opened by the tracking code."""

from datetime import datetime

import msgspec

from auth.actions import Action
from auth.actor import Actor, Resident
from feedback import access, codes, events
from feedback.context import FeedbackContext
from feedback.handling import Act, apply, move
from feedback.repository import Changed, NewMessage
from feedback.status import Status
from feedback.submission import check_text
from kernel.errors import NotFound

MESSAGE_MIN = 2


class TrackedMessage(msgspec.Struct, frozen=True):
    """Something said that the sender may read."""

    id: int
    kind: str
    text: str
    created_at: datetime


class TrackedStep(msgspec.Struct, frozen=True):
    """A step of the handling, fit for the sender: no person, no internal note."""

    at: datetime
    action: str
    changes: dict[str, list[object]]


class TrackedPhoto(msgspec.Struct, frozen=True):
    """A photo the sender sent."""

    id: int
    width: int
    height: int
    alt_text: str | None


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """One's own feedback."""

    id: int
    reference: str
    kind: str
    category: str
    text: str
    language: str
    address: str | None
    lat: float | None
    lon: float | None
    status: str
    unit: str
    authority: str | None
    closing_reason: str | None
    answer_promised: bool
    wants_reply: bool
    received_at: datetime
    due_at: datetime
    paused_at: datetime | None
    closed_at: datetime | None
    permission: str
    nickname: str | None
    merged_into_id: int | None
    messages: list[TrackedMessage]
    history: list[TrackedStep]
    photos: list[TrackedPhoto]


# What a sender may see of the handling. Internal comments, assignments to persons and cover notes are not among it; the
# answers of the feedback it was merged into are.
_TRACKED = """
select f.id, f.reference, f.kind, f.category, f.text, f.language, f.address, f.lat, f.lon, f.status, f.unit,
       f.authority, f.closing_reason, f.answer_promised, f.wants_reply, f.received_at, f.due_at, f.paused_at,
       f.closed_at, f.permission, f.nickname, f.merged_into_id,
       coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'kind', m.kind, 'text', m.text,
                                                     'created_at', m.created_at) order by m.id)
                   from message m
                  where (m.feedback_id = f.id and m.kind <> 'comment')
                     or (m.feedback_id = f.merged_into_id and m.kind = 'answer')), '[]')::text as messages,
       coalesce((select jsonb_agg(jsonb_build_object('at', h.at, 'action', h.action,
                                                     'changes', h.changes - 'assignee_id') order by h.id)
                   from history h
                  where h.feedback_id = f.id and h.action not in ('commented', 'assigned')), '[]')::text as history,
       coalesce((select jsonb_agg(jsonb_build_object('id', p.id, 'width', p.width, 'height', p.height,
                                                     'alt_text', p.alt_text) order by p.id)
                   from photo p where p.feedback_id = f.id), '[]')::text as photos
  from feedback f where f.id = $1
"""


async def find_by_code(ctx: FeedbackContext, typed: str) -> int:
    """Id of the feedback this code opens. Raises NotFound, the same for a malformed and for an unknown code."""
    code = codes.normalise(typed)
    row = None
    if code is not None:
        row = await ctx.session.fetch_row("select id from feedback where tracking_hash = $1", codes.code_hash(code))
    if row is None:
        raise NotFound("unknown_tracking_code")
    found: int = row["id"]
    return found


async def read(ctx: FeedbackContext, actor: Resident) -> Tracked:
    """The sender's own view."""
    row = await ctx.session.fetch_row(_TRACKED, actor.feedback_id)
    if row is None:
        raise NotFound("feedback_not_found")
    fields = dict(row)
    for name in ("messages", "history", "photos"):
        fields[name] = msgspec.json.decode(fields[name])
    return msgspec.convert(fields, Tracked)


async def write_message(ctx: FeedbackContext, actor: Actor, feedback_id: int, text: str | None) -> Changed:
    """A follow-up from the sender; when they were asked, the work and its clock go on."""
    row = await access.load_by_id(ctx.session, actor, Action.WRITE_MESSAGE, feedback_id, lock=True)
    text = check_text(text, shortest=MESSAGE_MIN)
    after = Status.IN_PROGRESS if row.status is Status.WAITING_FOR_RESIDENT else row.status
    values, changes = move(ctx, row, after)
    message = NewMessage(kind="resident_message", text=text, language=row.language)
    act = Act("resident_message", values=values, changes=changes, message=message, told=(events.ResidentWrote,))
    return await apply(ctx, actor, row, act)
