"""One access predicate for list, detail, search, count, export and attachments."""

from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, select

from auth.actions import Action
from auth.actor import Actor
from auth.policy import Target, require, visible
from feedback.models import Feedback
from feedback.status import Status
from kernel.errors import NotFound
from tenancy.session import TenantSession


class FeedbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision about one feedback needs to know of it."""

    id: int
    reference: str
    kind: str
    category: str
    language: str
    status: Status
    version: int
    unit: str
    department: str
    assignee_id: int | None
    answer_working_days: int
    permission: str
    nickname: str | None
    text: str
    lat: float | None
    lon: float | None
    received_at: datetime
    due_at: datetime
    paused_at: datetime | None
    closed_at: datetime | None
    answered_at: datetime | None
    merged_into_id: int | None

    @property
    def target(self) -> Target:
        """For the policy."""
        return Target(id=self.id, unit=self.unit, department=self.department)


_COLUMNS = [getattr(Feedback, name) for name in FeedbackRow.__struct_fields__]


def visible_feedback(actor: Actor, action: Action) -> ColumnElement[bool]:
    """The rows on which the actor may do this."""
    return visible(actor, action, unit=Feedback.unit, department=Feedback.department, id_column=Feedback.id)


async def load(session: TenantSession, actor: Actor, action: Action, reference: str, *, lock: bool) -> FeedbackRow:
    """One feedback the actor may see, when they may also do this to it.

    Raises NotFound when it does not exist or may not be seen, NotAllowed when it is seen and the act is not theirs.
    """
    return await _load(session, actor, action, Feedback.reference == reference, lock=lock)


async def load_by_id(
    session: TenantSession, actor: Actor, action: Action, feedback_id: int, *, lock: bool
) -> FeedbackRow:
    """The same by id."""
    return await _load(session, actor, action, Feedback.id == feedback_id, lock=lock)


async def _load(
    session: TenantSession, actor: Actor, action: Action, which: ColumnElement[bool], *, lock: bool
) -> FeedbackRow:
    statement = select(*_COLUMNS).where(which)
    if lock:
        statement = statement.with_for_update(of=Feedback)
    row = (await session.execute(statement)).mappings().first()
    if row is None:
        # Nobody signed in must hear of that first: 401 says nothing about what exists.
        require(actor, action, None)
        raise NotFound("feedback_not_found")
    feedback = FeedbackRow(**{**row, "status": Status(row["status"])})
    require(actor, action, feedback.target)
    return feedback
