"""Which event makes which message, to whom, under which subject. The words of the bodies are in `templates/`."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import msgspec

from feedback.events import (
    FeedbackAnswered,
    FeedbackAssigned,
    FeedbackHandedOver,
    FeedbackMerged,
    FeedbackReceived,
    FeedbackTransferredToAuthority,
    InterimReplySent,
    PublicationWithheld,
    QuestionAsked,
    ResidentWrote,
)
from kernel.i18n import N_, Catalog
from kernel.outbox import Event


class Audience(StrEnum):
    """Who gets a message."""

    NEW_SENDER = "new_sender"
    """The sender, just after sending, by the address they gave; not for imported feedback."""
    SENDER = "sender"
    """The sender, if they left an address and wanted to hear from us."""
    REACHABLE_SENDER = "reachable_sender"
    """The sender, if they left an address: what the law has us tell them, whether they asked for a reply or not."""
    PERMITTING_SENDER = "permitting_sender"
    """As SENDER, if they allowed publication: nobody else needs to hear why it does not happen."""
    MERGED_SENDERS = "merged_senders"
    """The senders of all feedback that was merged into this one."""
    UNIT = "unit"
    """The unit's handlers; its department's leads where it has none."""
    NEW_UNIT = "new_unit"
    """As UNIT; not for imported feedback, which is no news."""
    ASSIGNEE = "assignee"
    """Who handles it; UNIT while nobody does."""
    NEW_ASSIGNEE = "new_assignee"
    """The colleague it was handed to."""


class Message(msgspec.Struct, frozen=True):
    """A template and who gets it."""

    template: str
    audience: Audience


MESSAGES: Mapping[type[Event], tuple[Message, ...]] = MappingProxyType(
    {
        FeedbackReceived: (Message("receipt", Audience.NEW_SENDER), Message("assignment", Audience.NEW_UNIT)),
        FeedbackAssigned: (Message("assignment", Audience.UNIT),),
        FeedbackHandedOver: (Message("handed_over", Audience.NEW_ASSIGNEE),),
        FeedbackAnswered: (Message("answer", Audience.SENDER), Message("answer", Audience.MERGED_SENDERS)),
        InterimReplySent: (Message("interim_reply", Audience.SENDER),),
        QuestionAsked: (Message("question", Audience.SENDER),),
        ResidentWrote: (Message("resident_wrote", Audience.ASSIGNEE),),
        # The sender is told without delay (Administrative Procedure Act 434/2003 §21).
        FeedbackTransferredToAuthority: (Message("transferred", Audience.REACHABLE_SENDER),),
        FeedbackMerged: (Message("merged", Audience.SENDER),),
        PublicationWithheld: (Message("withheld", Audience.PERMITTING_SENDER),),
    }
)

# A subject is read on locked screens and in lists by others: it says what the mail is, never what was written.
SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "receipt": N_("We have received your feedback %(reference)s"),
        "answer": N_("We have answered your feedback %(reference)s"),
        "interim_reply": N_("How your feedback %(reference)s is going"),
        "question": N_("We have a question about your feedback %(reference)s"),
        "transferred": N_("We have transferred your feedback %(reference)s to another authority"),
        "merged": N_("We have joined your feedback %(reference)s to another feedback"),
        "withheld": N_("Your feedback %(reference)s is not published"),
        "assignment": N_("New feedback for your unit: %(reference)s"),
        "handed_over": N_("Feedback %(reference)s has been given to you"),
        "resident_wrote": N_("The sender of feedback %(reference)s has written to you"),
    }
)

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "receipt": N_("Receipt to the sender"),
        "answer": N_("Answer to the sender"),
        "interim_reply": N_("Interim reply to the sender"),
        "question": N_("Question to the sender"),
        "transferred": N_("Notice of transfer to another authority"),
        "merged": N_("Notice of merging to the sender"),
        "withheld": N_("Notice to the sender that the feedback is not published"),
        "assignment": N_("Notice to the unit"),
        "handed_over": N_("Notice to the new handler"),
        "resident_wrote": N_("Notice of the sender's message"),
    }
)

_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "invalid_address": N_("The address is not a valid e-mail address."),
        "recipient_gone": N_("The recipient no longer has this address."),
        "nothing_to_say": N_("The matter had changed before the message was sent."),
        "no_outcome": N_("Sending was broken off and its outcome is not known."),
        "not_rendered": N_("The message could not be made. The maintainers see the reason in the log."),
        "mailbox": N_("The recipient's mail server does not accept mail to this address."),
        "refused": N_("The recipient's mail server refused the message."),
        "busy": N_("The mail server asked us to try again later."),
        "unreachable": N_("The mail server did not answer."),
        "misconfigured": N_("The service's own mail settings are wrong."),
    }
)
_OTHER_REASON = N_("Sending failed.")


def template_name(catalog: Catalog, template: str) -> str:
    """What a message is called in lists."""
    return catalog.gettext(_NAMES.get(template, template))


def reason_sentence(catalog: Catalog, reason: str) -> str:
    """What a delivery's reason means. A server's own code follows the kind: `mailbox: 550 5.1.1`."""
    kind, _, detail = reason.partition(": ")
    sentence = catalog.gettext(_REASONS.get(kind, _OTHER_REASON))
    return f"{sentence} ({detail})" if detail else sentence
