"""Who acts. One frozen struct for each kind; made by `auth.sessions` from a session, or by a process for itself."""

from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What a staff member is for. Each reaches as far as its grant says; `auth.actions` says what each may do."""

    HANDLER = "handler"
    """The feedback of one unit."""
    LEAD = "lead"
    """The feedback of one department, all its units."""
    PUBLISHER = "publisher"
    """What is published, of the whole municipality; never how to reach the sender."""
    ADMIN = "admin"
    """Users and configuration, not feedback."""
    AUDITOR = "auditor"
    """The audit log, nothing else."""


class Grant(msgspec.Struct, frozen=True):
    """A role that somebody has: a handler's for a unit, a lead's for a department, the others everywhere."""

    role: Role
    unit: str | None = None
    department: str | None = None


class Anonymous(msgspec.Struct, frozen=True):
    """Somebody of whom nothing is known: most residents."""


class Resident(msgspec.Struct, frozen=True):
    """The sender of one feedback, who opened it with its tracking code."""

    feedback_id: int


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in staff member, with the roles as they were when this request began."""

    id: int
    email: str
    name: str
    language: str
    grants: tuple[Grant, ...]
    session_hash: bytes
    """SHA-256 of the session's token: names the session, opens nothing."""


class ApiClient(msgspec.Struct, frozen=True, kw_only=True):
    """Another system, known by its own credentials."""

    id: int
    name: str
    scopes: tuple[str, ...] = ()
    """Values of the `Action`s it was given, for the whole municipality."""


class System(msgspec.Struct, frozen=True):
    """The service itself: worker, import, demo. Made by our own processes only, never from a request."""

    name: str


Actor = Anonymous | Resident | Staff | ApiClient | System


def actor_kind(actor: Actor) -> str:
    """`resident`, `staff`, `system` or `api_client`: the kinds that history and audit know."""
    match actor:
        case Anonymous() | Resident():
            return "resident"
        case Staff():
            return "staff"
        case ApiClient():
            return "api_client"
        case System():
            return "system"


def actor_id(actor: Actor) -> int | None:
    """Id of the account that acted; residents have none."""
    return actor.id if isinstance(actor, Staff | ApiClient) else None
