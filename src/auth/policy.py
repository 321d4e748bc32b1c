"""The one place that says yes or no, for one feedback (`require`) and for many (`visible`), from the same reach.

An answer must not tell whether a feedback exists that the actor may not see. So the checks go from what depends on the
actor alone to what depends on the target: nobody signed in (401), a role that never does this (403), a target out of
sight (404), and only then a target in sight on which this is not theirs to do (403).
"""

from collections.abc import Iterable
from typing import assert_never

import msgspec
from sqlalchemy import ColumnElement, SQLColumnExpression, false, or_, true

from auth.actions import Action, Everyone, Granted, Sender
from auth.actor import Actor, Anonymous, ApiClient, Grant, Resident, Role, Staff, System
from kernel.errors import NotAllowed, NotAuthenticated, NotFound


class Target(msgspec.Struct, frozen=True):
    """What the policy must know of one feedback."""

    id: int
    unit: str
    department: str


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """On which feedback somebody may do something: the sum of what is listed."""

    everywhere: bool = False
    units: frozenset[str] = frozenset()
    departments: frozenset[str] = frozenset()
    own: frozenset[int] = frozenset()

    @property
    def is_nowhere(self) -> bool:
        """Whether it holds nothing at all."""
        return not (self.everywhere or self.units or self.departments or self.own)

    def holds(self, target: Target) -> bool:
        """Whether this feedback is within it."""
        return (
            self.everywhere
            or target.unit in self.units
            or target.department in self.departments
            or target.id in self.own
        )

    def condition(
        self,
        unit: SQLColumnExpression[str],
        department: SQLColumnExpression[str],
        id_column: SQLColumnExpression[int],
    ) -> ColumnElement[bool]:
        """The same question put to the database, for rows with these columns."""
        if self.everywhere:
            return true()
        parts: list[ColumnElement[bool]] = []
        if self.units:
            parts.append(unit.in_(sorted(self.units)))
        if self.departments:
            parts.append(department.in_(sorted(self.departments)))
        if self.own:
            parts.append(id_column.in_(sorted(self.own)))
        return or_(*parts) if parts else false()


NOWHERE = Reach()
EVERYWHERE = Reach(everywhere=True)


def reach(actor: Actor, action: Action) -> Reach:
    """How far the actor may do this."""
    if isinstance(actor, System) or isinstance(action.rule, Everyone):
        return EVERYWHERE
    match actor:
        case Anonymous():
            return NOWHERE
        case Resident():
            return Reach(own=frozenset({actor.feedback_id})) if isinstance(action.rule, Sender) else NOWHERE
        case ApiClient():
            given = isinstance(action.rule, Granted) and action.value in actor.scopes
            return EVERYWHERE if given else NOWHERE
        case Staff():
            return reach_of_grants(actor.grants, action)
        case _:
            assert_never(actor)


def reach_of_grants(grants: Iterable[Grant], action: Action) -> Reach:
    """How far somebody with these roles may do this, signed in or not."""
    rule = action.rule
    fitting = [grant for grant in grants if isinstance(rule, Granted) and grant.role in rule.roles]
    # A handler's grant without a unit, or a lead's without a department, reaches nothing: it never widens to all.
    return Reach(
        everywhere=any(grant.role not in {Role.HANDLER, Role.LEAD} for grant in fitting),
        units=frozenset(grant.unit for grant in fitting if grant.role is Role.HANDLER and grant.unit is not None),
        departments=frozenset(
            grant.department for grant in fitting if grant.role is Role.LEAD and grant.department is not None
        ),
    )


def require(actor: Actor, action: Action, target: Target | None = None) -> None:
    """Return when the actor may do this; without a target, when there may be something they may do it to.

    Raises NotAuthenticated, NotFound (also when it exists and may not be seen) or NotAllowed.
    """
    _require_known(actor, action)
    allowed = reach(actor, action)
    if allowed.is_nowhere:
        raise NotAllowed("not_allowed", action=action.value)
    if target is None or allowed.holds(target):
        return
    if reach(actor, Action.READ_FEEDBACK).holds(target):
        raise NotAllowed("not_allowed", action=action.value)
    raise NotFound("feedback_not_found")


def may(actor: Actor, action: Action, target: Target | None = None) -> bool:
    """Whether `require` would return: for showing or hiding a button, never instead of `require`."""
    allowed = reach(actor, action)
    return not allowed.is_nowhere and (target is None or allowed.holds(target))


def visible(
    actor: Actor,
    action: Action,
    *,
    unit: SQLColumnExpression[str],
    department: SQLColumnExpression[str],
    id_column: SQLColumnExpression[int],
) -> ColumnElement[bool]:
    """The rows on which `require` would return: list, detail, search, count, export and attachments all carry it."""
    return reach(actor, action).condition(unit, department, id_column)


def visible_to_grants(grants: Iterable[Grant], target: Target) -> bool:
    """Whether somebody with these roles may work on it, so that it may be assigned to them."""
    return reach_of_grants(grants, Action.ANSWER).holds(target)


def _require_known(actor: Actor, action: Action) -> None:
    match action.rule:
        case Sender() if isinstance(actor, Anonymous):
            raise NotAuthenticated("tracking_code_required")
        case Granted() if isinstance(actor, Anonymous | Resident):
            raise NotAuthenticated("sign_in_required")
        case _:
            return
