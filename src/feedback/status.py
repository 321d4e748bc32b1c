"""The states of a feedback and the one table of allowed changes between them."""

from enum import StrEnum

from kernel.errors import Conflict


class Status(StrEnum):
    """Where a feedback stands. The first four are open, the others closed."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    WAITING_FOR_RESIDENT = "waiting_for_resident"
    PLANNED = "planned"
    ANSWERED = "answered"
    HANDLED = "handled"
    TRANSFERRED = "transferred"
    REJECTED = "rejected"
    MERGED = "merged"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self in OPEN


OPEN = frozenset({Status.RECEIVED, Status.IN_PROGRESS, Status.WAITING_FOR_RESIDENT, Status.PLANNED})
CLOSED = frozenset(Status) - OPEN

_FROM_WORK = frozenset(
    {
        Status.WAITING_FOR_RESIDENT, Status.PLANNED, Status.ANSWERED, Status.HANDLED, Status.TRANSFERRED,
        Status.REJECTED, Status.MERGED,
    }
)  # fmt: skip

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.RECEIVED: _FROM_WORK | {Status.IN_PROGRESS},
    Status.IN_PROGRESS: _FROM_WORK | {Status.RECEIVED},
    Status.WAITING_FOR_RESIDENT: (_FROM_WORK - {Status.WAITING_FOR_RESIDENT, Status.PLANNED}) | {Status.IN_PROGRESS},
    Status.PLANNED: frozenset(
        {Status.IN_PROGRESS, Status.ANSWERED, Status.HANDLED, Status.TRANSFERRED, Status.MERGED}
    ),
    Status.ANSWERED: frozenset({Status.IN_PROGRESS}),
    Status.HANDLED: frozenset({Status.IN_PROGRESS}),
    Status.TRANSFERRED: frozenset({Status.IN_PROGRESS}),
    Status.REJECTED: frozenset({Status.RECEIVED}),
    Status.MERGED: frozenset({Status.RECEIVED}),
}  # fmt: skip


class StatusChangeRefused(Conflict):
    """The table has no such change."""

    def __init__(self, before: Status, after: Status) -> None:
        super().__init__("status_change_refused", before=before.value, after=after.value)


def require_transition(before: Status, after: Status) -> None:
    """Raise StatusChangeRefused unless the table has the change."""
    if after not in TRANSITIONS[before]:
        raise StatusChangeRefused(before, after)
