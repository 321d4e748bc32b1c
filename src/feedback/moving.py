"""Moving a feedback to other hands: to a person, a unit, another category. History stays, the assignee does not."""

from typing import Any

import msgspec

from auth.accounts import find_staff
from auth.actions import Action
from auth.actor import Actor, actor_id
from auth.policy import visible_to_grants
from feedback import events
from feedback.access import FeedbackRow, load
from feedback.context import FeedbackContext
from feedback.handling import Act, apply, load_version, move
from feedback.repository import Changed
from feedback.status import Status
from feedback.submission import check_text
from kernel.errors import FieldProblem, Invalid

COVER_NOTE_MIN = 2


async def assign(ctx: FeedbackContext, actor: Actor, reference: str, version: int, staff_id: int | None) -> Changed:
    """Give it to a colleague who may handle it, or to nobody."""
    row = await load_version(ctx, actor, Action.ASSIGN, reference, version)
    if staff_id is not None:
        person = await find_staff(ctx.session, staff_id)
        if person is None or not visible_to_grants(person.grants, row.target):
            raise Invalid(FieldProblem("assignee", "unknown_value"))
    told = (events.FeedbackHandedOver,) if staff_id not in {None, row.assignee_id, actor_id(actor)} else ()
    act = Act(
        "assigned",
        values={"assignee_id": staff_id},
        changes={"assignee_id": [row.assignee_id, staff_id]},
        told=told,
    )
    return await apply(ctx, actor, row, act)


async def transfer(
    ctx: FeedbackContext, actor: Actor, reference: str, version: int, unit: str | None, cover_note: str | None
) -> Changed:
    """To another unit, with a cover note; its people are told, and it waits for one of them."""
    row = await load_version(ctx, actor, Action.TRANSFER, reference, version)
    note = check_text(cover_note, path="cover_note", shortest=COVER_NOTE_MIN)
    today = ctx.config.calendar.local(ctx.clock.now()).date()
    target = ctx.config.routing.organisation.find_unit(unit or "")
    if target is None or not target.is_valid_on(today):
        raise Invalid(FieldProblem("unit", "unknown_value" if unit else "required"))
    if target.code == row.unit:
        raise Invalid(FieldProblem("unit", "same_unit"))
    to = _Move(
        unit=target.code, department=target.department, path=["transferred by hand"], action="transferred", note=note
    )
    return await _to_unit(ctx, actor, row, to)


async def change_category(
    ctx: FeedbackContext, actor: Actor, reference: str, version: int, category: str | None
) -> Changed | None:
    """Route it anew and count the due date again from arrival. The same category changes nothing: None."""
    row = await load_version(ctx, actor, Action.TRANSFER, reference, version)
    if category == row.category:
        return None
    now = ctx.clock.now()
    found = ctx.config.categories.find(category or "")
    if found is None or not found.is_valid_on(ctx.config.calendar.local(now).date()):
        raise Invalid(FieldProblem("category", "unknown_value" if category else "required"))
    if row.kind not in found.kinds:
        raise Invalid(FieldProblem("category", "not_for_this_kind"))
    decision = ctx.config.routing.route(
        ctx.config.routing.facts(
            kind=row.kind, category=found.code, lat=row.lat, lon=row.lon, language=row.language, text=row.text,
            at=ctx.config.calendar.local(row.received_at),
        )
    )  # fmt: skip
    due_at = ctx.config.calendar.due_at(row.received_at, found.answer_working_days)
    values = {"category": found.code, "answer_working_days": found.answer_working_days, "due_at": due_at}
    changes = {
        "category": [row.category, found.code],
        "due_at": [row.due_at.isoformat(), due_at.isoformat()],
    }
    to = _Move(
        unit=decision.unit,
        department=decision.department,
        path=decision.lines(),
        action="recategorised",
        values=values,
        changes=changes,
    )
    return await _to_unit(ctx, actor, row, to)


class _Move(msgspec.Struct, frozen=True, kw_only=True):
    """Where it goes, why, and what else changes with it."""

    unit: str
    department: str
    path: list[str]
    action: str
    note: str | None = None
    values: dict[str, Any] = {}
    changes: dict[str, Any] = {}


async def _to_unit(ctx: FeedbackContext, actor: Actor, row: FeedbackRow, to: _Move) -> Changed:
    values, changes = dict(to.values), dict(to.changes)
    moved = to.unit != row.unit
    if moved:
        after = Status.RECEIVED if row.status is Status.IN_PROGRESS else row.status
        state_values, state_changes = move(ctx, row, after)
        values |= {"unit": to.unit, "department": to.department, "assignee_id": None, **state_values}
        changes |= {"unit": [row.unit, to.unit], "assignee_id": [row.assignee_id, None], **state_changes}
    act = Act(
        to.action,
        values=values,
        changes=changes,
        note=to.note,
        told=(events.FeedbackAssigned,) if moved else (),
        routed_to=(to.unit, to.department, to.path, ctx.config_version),
    )
    return await apply(ctx, actor, row, act)


async def open_contact(ctx: FeedbackContext, actor: Actor, reference: str) -> int:
    """Whether the actor may read how to reach the sender; the feedback's id, for the audit of having done so."""
    return (await load(ctx.session, actor, Action.READ_CONTACT, reference, lock=False)).id
