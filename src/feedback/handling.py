"""What the staff does with a feedback: take, answer, ask, move it through its states.

Every act loads the feedback under the access predicate, checks the table of states, and writes all it changes in one
statement against the version it was decided on (`repository.apply_change`).
"""

from typing import Any

import msgspec

from auth.actions import Action
from auth.actor import Actor, Staff, actor_id, actor_kind
from feedback import access, events
from feedback.access import FeedbackRow
from feedback.context import FeedbackContext
from feedback.repository import Change, Changed, NewMessage, apply_change
from feedback.status import Status, require_transition
from feedback.submission import check_text
from kernel.errors import Conflict, FieldProblem, Invalid
from kernel.outbox import Event

ANSWER_MIN, NOTE_MIN = 2, 2


async def take(ctx: FeedbackContext, actor: Staff, reference: str, version: int) -> Changed:
    """Become the one who handles it; a received feedback is in progress from now on."""
    row = await load_version(ctx, actor, Action.ASSIGN, reference, version)
    after = Status.IN_PROGRESS if row.status is Status.RECEIVED else row.status
    values, changes = move(ctx, row, after)
    values["assignee_id"] = actor.id
    changes["assignee_id"] = [row.assignee_id, actor.id]
    return await apply(ctx, actor, row, Act("assigned", values=values, changes=changes))


async def answer(ctx: FeedbackContext, actor: Actor, reference: str, version: int, text: str | None) -> Changed:
    """Answer and close. The sender is told; the answer waits for its own judgement of publication."""
    row = await load_version(ctx, actor, Action.ANSWER, reference, version)
    text = check_text(text, shortest=ANSWER_MIN)
    act = Act("answered", message=_said(actor, row, "answer", text), told=(events.FeedbackAnswered,))
    answered = _moved(ctx, row, Status.ANSWERED, act)
    answered.values["answered_at"] = row.answered_at or ctx.clock.now()
    return await apply(ctx, actor, row, answered)


async def interim_reply(ctx: FeedbackContext, actor: Actor, reference: str, version: int, text: str | None) -> Changed:
    """Tell the sender how it stands. Changes no state and does not stop the clock."""
    row = await load_version(ctx, actor, Action.INTERIM_REPLY, reference, version)
    text = check_text(text, shortest=ANSWER_MIN)
    if not row.status.is_open:
        raise Conflict("feedback_closed", status=row.status.value)
    act = Act("interim_reply", message=_said(actor, row, "interim_reply", text), told=(events.InterimReplySent,))
    return await apply(ctx, actor, row, act)


async def ask_sender(ctx: FeedbackContext, actor: Actor, reference: str, version: int, text: str | None) -> Changed:
    """Ask the sender for more; the clock stands until they write."""
    row = await load_version(ctx, actor, Action.ASK_SENDER, reference, version)
    text = check_text(text, shortest=ANSWER_MIN)
    act = Act("question_sent", message=_said(actor, row, "question", text), told=(events.QuestionAsked,))
    return await apply(ctx, actor, row, _moved(ctx, row, Status.WAITING_FOR_RESIDENT, act))


async def comment(ctx: FeedbackContext, actor: Actor, reference: str, version: int, text: str | None) -> Changed:
    """A word among the staff; never public, never to the sender."""
    row = await load_version(ctx, actor, Action.COMMENT, reference, version)
    text = check_text(text, shortest=NOTE_MIN)
    return await apply(ctx, actor, row, Act("commented", message=_said(actor, row, "comment", text)))


async def plan(ctx: FeedbackContext, actor: Actor, reference: str, version: int, note: str | None) -> Changed:
    """It will be done, later: says what is planned."""
    row = await load_version(ctx, actor, Action.CHANGE_STATUS, reference, version)
    note = check_text(note, path="note", shortest=NOTE_MIN)
    act = Act("status_changed", note=note)
    return await apply(ctx, actor, row, _moved(ctx, row, Status.PLANNED, act))


async def handle(ctx: FeedbackContext, actor: Actor, reference: str, version: int, reason: str | None) -> Changed:
    """Close without an answer, for one of the tenant's reasons; a question only for those that allow it.

    An authority must as a rule answer (Deputy Chancellor of Justice 16.10.2008).
    """
    row = await load_version(ctx, actor, Action.CHANGE_STATUS, reference, version)
    known = ctx.config.find_handled_reason(reason or "")
    if known is None:
        raise Invalid(FieldProblem("reason", "unknown_value" if reason else "required"))
    if row.kind not in known.kinds:
        raise Invalid(FieldProblem("reason", "not_for_this_kind"))
    act = Act("status_changed", values={"closing_reason": known.code})
    return await apply(ctx, actor, row, _moved(ctx, row, Status.HANDLED, act))


async def transfer_to_authority(
    ctx: FeedbackContext, actor: Actor, reference: str, version: int, authority: str | None, note: str | None
) -> Changed:
    """Hand over to the authority whose matter it is and tell the sender (Administrative Procedure Act 434/2003 §21)."""
    row = await load_version(ctx, actor, Action.CHANGE_STATUS, reference, version)
    authority = check_text(authority, path="authority", shortest=NOTE_MIN)
    act = Act(
        "status_changed", values={"authority": authority}, note=note, told=(events.FeedbackTransferredToAuthority,)
    )
    return await apply(ctx, actor, row, _moved(ctx, row, Status.TRANSFERRED, act))


async def reject(ctx: FeedbackContext, actor: Actor, reference: str, version: int) -> Changed:
    """Spam or abuse, and nothing else."""
    row = await load_version(ctx, actor, Action.CHANGE_STATUS, reference, version)
    return await apply(ctx, actor, row, _moved(ctx, row, Status.REJECTED, Act("status_changed")))


async def merge(ctx: FeedbackContext, actor: Actor, reference: str, version: int, into: str | None) -> Changed:
    """A duplicate of another feedback; its sender is told of that one's answers."""
    row = await load_version(ctx, actor, Action.MERGE, reference, version)
    if not into:
        raise Invalid(FieldProblem("into", "required"))
    kept = await access.load(ctx.session, actor, Action.READ_FEEDBACK, into.strip().upper(), lock=False)
    if kept.id == row.id or kept.status is Status.MERGED:
        raise Invalid(FieldProblem("into", "not_mergeable"))
    act = Act("status_changed", values={"merged_into_id": kept.id}, told=(events.FeedbackMerged,))
    return await apply(ctx, actor, row, _moved(ctx, row, Status.MERGED, act))


async def reopen(ctx: FeedbackContext, actor: Actor, reference: str, version: int) -> Changed:
    """Take a closed feedback up again; the due date stays what it was."""
    row = await load_version(ctx, actor, Action.CHANGE_STATUS, reference, version)
    back = Status.RECEIVED if row.status in {Status.REJECTED, Status.MERGED} else Status.IN_PROGRESS
    cleared = {"closing_reason": None, "authority": None, "merged_into_id": None}
    return await apply(ctx, actor, row, _moved(ctx, row, back, Act("reopened", values=cleared)))


def move(ctx: FeedbackContext, row: FeedbackRow, after: Status) -> tuple[dict[str, Any], dict[str, Any]]:
    """New column values and the history's changes for a change of state; the same state changes nothing.

    Waiting for the resident stops the clock: what was left of the working time then is left again afterwards.
    """
    if after is row.status:
        return {}, {}
    require_transition(row.status, after)
    now = ctx.clock.now()
    values: dict[str, Any] = {"status": after.value, "closed_at": None if after.is_open else now}
    changes: dict[str, Any] = {"status": [row.status.value, after.value]}
    if after is Status.WAITING_FOR_RESIDENT:
        values["paused_at"] = now
    elif row.paused_at is not None:
        due_at = ctx.config.calendar.resume(now, ctx.config.calendar.remaining(row.paused_at, row.due_at))
        values |= {"paused_at": None, "due_at": due_at}
        changes["due_at"] = [row.due_at.isoformat(), due_at.isoformat()]
    return values, changes


async def load_version(ctx: FeedbackContext, actor: Actor, action: Action, reference: str, version: int) -> FeedbackRow:
    """The feedback, locked, if the actor may do this to it and has seen its newest version. Raises Conflict."""
    row = await access.load(ctx.session, actor, action, reference, lock=True)
    if row.version != version:
        raise Conflict("stale_version", version=version, current_version=row.version)
    return row


class Act(msgspec.Struct, frozen=True):
    """What an act changes, says and sets off."""

    action: str
    """As the history calls it."""
    values: dict[str, Any] = {}
    """New values of columns."""
    changes: dict[str, Any] = {}
    """Field → [before, after]: codes, for the history."""
    note: str | None = None
    message: NewMessage | None = None
    told: tuple[type[Event], ...] = ()
    """Events that others react to."""
    routed_to: tuple[str, str, list[str], str] | None = None
    """(unit, department, path, configuration version) when it was decided anew where it belongs."""


async def apply(ctx: FeedbackContext, actor: Actor, row: FeedbackRow, act: Act) -> Changed:
    """Write all of an act, in one statement."""
    return await apply_change(
        ctx.session,
        Change(
            feedback_id=row.id,
            version=row.version,
            at=ctx.clock.now(),
            actor_kind=actor_kind(actor),
            actor_id=actor_id(actor),
            action=act.action,
            correlation_id=ctx.correlation_id,
            values=act.values,
            changes=act.changes,
            note=act.note or None,
            message=act.message,
            events=[event.name() for event in act.told],
            routed_to=act.routed_to,
        ),
    )


def _moved(ctx: FeedbackContext, row: FeedbackRow, after: Status, act: Act) -> Act:
    """The act with the change of state that goes with it; the same state again is refused."""
    require_transition(row.status, after)
    values, changes = move(ctx, row, after)
    return msgspec.structs.replace(
        act,
        values=values | act.values,
        changes=changes | {field: [None, value] for field, value in act.values.items() if value is not None},
    )


def _said(actor: Actor, row: FeedbackRow, kind: str, text: str) -> NewMessage:
    return NewMessage(kind=kind, text=text, language=row.language, author_id=actor_id(actor))
