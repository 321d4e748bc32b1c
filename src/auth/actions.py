"""Every action on data, each with the rule that permits it. `auth.policy` applies the rules; nothing here decides.

The table is what domain.md §7 says, and a test repeats it role by role. A new action is one member here.
"""

from enum import Enum
from typing import Self

import msgspec

from auth.actor import Role


class Everyone(msgspec.Struct, frozen=True):
    """Anybody, known or not."""


class Sender(msgspec.Struct, frozen=True):
    """The sender of the feedback, who opened it with its tracking code."""


class Granted(msgspec.Struct, frozen=True):
    """Staff with one of these roles, as far as the role's grant reaches."""

    roles: frozenset[Role]


Rule = Everyone | Sender | Granted

EVERYONE = Everyone()
SENDER = Sender()
HANDLING = Granted(frozenset({Role.HANDLER, Role.LEAD}))
READING = Granted(HANDLING.roles | {Role.PUBLISHER})
"""A publisher decides on texts of every unit, so reads the feedback of all; contact data stays with the handling."""
PUBLISHING = Granted(frozenset({Role.PUBLISHER}))
ADMINISTERING = Granted(frozenset({Role.ADMIN}))
AUDITING = Granted(frozenset({Role.AUDITOR}))


class Action(Enum):
    """What can be done to the data of a municipality."""

    READ_PUBLIC = "read_public", EVERYONE
    SUBMIT_FEEDBACK = "submit_feedback", EVERYONE

    READ_OWN_FEEDBACK = "read_own_feedback", SENDER
    WRITE_MESSAGE = "write_message", SENDER
    CHANGE_PERMISSION = "change_permission", SENDER

    LIST_FEEDBACK = "list_feedback", READING
    READ_FEEDBACK = "read_feedback", READING
    READ_CONTACT = "read_contact", HANDLING
    ASSIGN = "assign", HANDLING
    """Taking it oneself is assigning it, too."""
    TRANSFER = "transfer", HANDLING
    ANSWER = "answer", HANDLING
    INTERIM_REPLY = "interim_reply", HANDLING
    ASK_SENDER = "ask_sender", HANDLING
    COMMENT = "comment", HANDLING
    CHANGE_STATUS = "change_status", HANDLING
    MERGE = "merge", HANDLING

    PROPOSE_PUBLICATION = "propose_publication", READING
    SEE_PUBLICATION_QUEUE = "see_publication_queue", PUBLISHING
    DECIDE_PUBLICATION = "decide_publication", PUBLISHING

    MANAGE_USERS = "manage_users", ADMINISTERING
    READ_AUDIT = "read_audit", AUDITING

    rule: Rule

    def __new__(cls, value: str, rule: Rule) -> Self:
        """A member whose value is its name in scopes, and that carries its rule."""
        member = object.__new__(cls)
        member._value_ = value
        member.rule = rule
        return member
