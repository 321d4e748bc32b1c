"""The resident's pages: front page, form, receipt, and the feedback's own page."""

from datetime import datetime
from typing import ClassVar

import msgspec

from web.views.page import FormState, OptionGroup, Photo, View
from web.views.public import PublicCard


class KindChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of feedback with what the municipality promises for it."""

    code: str
    name: str
    promise: str
    """Whether and when an answer comes, one sentence."""


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not this service's matter, and whose it is."""

    title: str
    text: str
    href: str | None = None
    """`https:` or `tel:` address."""
    link_text: str | None = None
    urgent: bool = False
    """Emergencies come first and stand out."""


class FrontPage(View, frozen=True, kw_only=True):
    """GET /."""

    template: ClassVar[str] = "front.html"

    lead: str | None = None
    """The tenant's own opening sentence; None: the product's."""
    kinds: tuple[KindChoice, ...]
    """Links to the form with the kind chosen: `/feedback/new?kind=…`."""
    recent: tuple[PublicCard, ...] = ()
    """Newest published feedback, three or so."""


class FeedbackForm(View, frozen=True, kw_only=True):
    """GET and POST /feedback/new (multipart).

    Sends `kind`, `category`, `text`, `location.address`, `location.lat`, `location.lon`, `photos` (files),
    `wants_reply` (`yes`), `contact.name`, `contact.email`, `contact.phone`, `publication.permission`,
    `publication.nickname`, `idempotency_key`.
    """

    template: ClassVar[str] = "feedback_form.html"

    form: FormState = FormState()
    idempotency_key: str
    """The same when the form is shown again after problems."""
    kinds: tuple[KindChoice, ...]
    categories: tuple[OptionGroup, ...]
    redirects: tuple[Redirect, ...] = ()
    text_min: int = 10
    text_max: int = 5_000
    photos_max: int = 5
    photo_max_megabytes: int = 20
    asks_coordinates: bool = True
    """Whether latitude and longitude may be typed (folded away until opened)."""


class ReceiptPage(View, frozen=True, kw_only=True):
    """201 of POST /feedback/new, only after the commit."""

    template: ClassVar[str] = "receipt.html"

    reference: str
    tracking_code: str
    """In groups, as it is to be read. On this page and nowhere else."""
    kind_name: str
    category_name: str
    unit_name: str
    received_at: datetime
    due_at: datetime | None
    """None where no answer is promised."""
    answer_promised: bool
    mail_sent_to: str | None = None
    """The masked address the receipt goes to; None: no e-mail was left."""


class TrackingPage(View, frozen=True, kw_only=True):
    """GET and POST /tracking: asks for the code (field `tracking_code`)."""

    template: ClassVar[str] = "tracking.html"

    form: FormState = FormState()


class TrackedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Something said that the sender may read."""

    kind: str
    """`answer`, `interim_reply`, `question` or `resident_message`."""
    text: str
    language: str
    at: datetime
    unit_name: str | None = None
    """Who speaks for the municipality; None for the sender's own words."""


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the handling, in words fit for the sender (`web.words.history_sentence`)."""

    at: datetime
    text: str


class TrackedFeedback(View, frozen=True, kw_only=True):
    """GET /tracking/feedback and what its forms answer with.

    POST /tracking/feedback/message sends `text`; POST /tracking/feedback/permission sends `publication.permission` and
    `publication.nickname`; POST /tracking/close forgets the code on this device.
    """

    template: ClassVar[str] = "tracked.html"

    reference: str
    kind_name: str
    category_name: str
    text: str
    text_language: str
    address: str | None = None
    photos: tuple[Photo, ...] = ()
    status: str
    """A code of `feedback.status`."""
    status_detail: str | None = None
    """What only this state has: the reason, the other authority, the reference it was merged into; one sentence."""
    unit_name: str
    received_at: datetime
    due_at: datetime | None
    """None where no answer is promised or the feedback is closed."""
    is_overdue: bool = False
    paused_at: datetime | None = None
    answer_promised: bool
    messages: tuple[TrackedMessage, ...] = ()
    """Oldest first."""
    history: tuple[HistoryEntry, ...] = ()
    """Newest first."""
    permission: str
    """`none`, `anonymous` or `nickname`."""
    nickname: str | None = None
    publication_state: str
    """`not_permitted`, `awaiting_decision`, `published`, `withheld` or `withdrawn`."""
    publication_reason: str | None = None
    """Why it is withheld or withdrawn, as the sender is told."""
    published_href: str | None = None
    may_write: bool = True
    message_form: FormState = FormState()
    permission_form: FormState = FormState()
