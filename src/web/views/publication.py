"""The publisher's pages: the queue, and one feedback with its answers, each judged apart."""

from datetime import datetime
from typing import ClassVar

import msgspec

from web.views.page import FormState, Option, View


class PublicationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One feedback that waits for a decision."""

    reference: str
    href: str
    snippet: str
    kind_name: str
    category_name: str
    permission: str
    nickname: str | None = None
    waiting: tuple[str, ...]
    """What waits: `feedback`, `answer`."""
    received_at: datetime


class PublicationQueue(View, frozen=True, kw_only=True):
    """GET /desk/publication."""

    template: ClassVar[str] = "publication_queue.html"

    rows: tuple[PublicationRow, ...] = ()
    total: int | None = None
    next_href: str | None = None
    first_href: str | None = None


class DifferencePart(msgspec.Struct, frozen=True):
    """A run of the comparison between original and public text."""

    kind: str
    """`same`, `removed` or `added`."""
    text: str


class PublicationItem(msgspec.Struct, frozen=True, kw_only=True):
    """One text (the feedback or one of its answers), its public copy and the judgement on it."""

    target: str
    """`feedback`, or the id of the answer."""
    version: int
    """Of the publication; 0: not judged yet."""
    label: str
    """What it is, in the reader's language: `Feedback`, `Answer 1.9.2025`."""
    original: str
    language: str
    public_text: str
    """The copy so far; the original until somebody edits it."""
    difference: tuple[DifferencePart, ...] = ()
    """Empty: the texts are the same."""
    state: str
    """`not_permitted`, `awaiting_decision`, `published`, `withheld` or `withdrawn`."""
    state_reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    form: FormState = FormState()


class PublicationEdit(View, frozen=True, kw_only=True):
    """GET /desk/publication/{reference}.

    Forms post to /desk/publication/{reference}/{decision} with `csrf_token`, `target` and `version`: `publish`
    (`public_text`), `withhold` (`reason`), `unpublish` (`reason`).
    """

    template: ClassVar[str] = "publication_edit.html"

    reference: str
    feedback_href: str
    kind_name: str
    category_name: str
    permission: str
    nickname: str | None = None
    blocked: str | None = None
    """Why nothing of this may be published (no permission, the category's rule); None: it may."""
    scan_note: str | None = None
    """What the personal-data scan says, or that there was none."""
    items: tuple[PublicationItem, ...]
    withhold_reasons: tuple[Option, ...]
    may_decide: bool = True
    """False: the texts are shown, the decision is a publisher's."""
    published_href: str | None = None
