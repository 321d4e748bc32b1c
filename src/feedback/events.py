"""What happens to feedback that others react to. Facts in the past tense, ids only; who reacts: `app.wiring`."""

from kernel.outbox import Event


class FeedbackReceived(Event, frozen=True):
    """It arrived, was routed, and its receipt was given."""

    feedback_id: int


class FeedbackAssigned(Event, frozen=True):
    """It has come to another unit; which one, the feedback says."""

    feedback_id: int


class FeedbackHandedOver(Event, frozen=True):
    """A colleague was given it to handle."""

    feedback_id: int


class FeedbackAnswered(Event, frozen=True):
    """The city answered."""

    feedback_id: int
    message_id: int


class InterimReplySent(Event, frozen=True):
    """The city told how it stands; the clock runs on."""

    feedback_id: int
    message_id: int


class QuestionAsked(Event, frozen=True):
    """The city needs to know more from the sender; the clock stands."""

    feedback_id: int
    message_id: int


class ResidentWrote(Event, frozen=True):
    """The sender wrote a follow-up."""

    feedback_id: int
    message_id: int


class FeedbackTransferredToAuthority(Event, frozen=True):
    """It is another authority's matter and was handed over."""

    feedback_id: int


class FeedbackMerged(Event, frozen=True):
    """It is a duplicate and points at the feedback that is kept."""

    feedback_id: int


class PublicationWithheld(Event, frozen=True):
    """A text the sender allowed to be published will not be, or no longer is."""

    feedback_id: int
    message_id: int | None = None
    """The answer it is about; None: the feedback itself."""
