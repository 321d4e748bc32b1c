"""The staff's pages: login, inbox, one feedback, and what a conflict shows."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import ClassVar

import msgspec

from web.views.page import FormState, Link, Option, OptionGroup, Photo, View


class LoginPage(View, frozen=True, kw_only=True):
    """GET and POST /desk/login: `email`, `password`, `next` (a path on this host)."""

    template: ClassVar[str] = "login.html"

    form: FormState = FormState()
    next_path: str = "/desk"


class InboxSection(msgspec.Struct, frozen=True, kw_only=True):
    """A worklist: its name, its link, how many are in it."""

    text: str
    href: str
    count: int | None = None
    is_current: bool = False


class InboxFilter(msgspec.Struct, frozen=True, kw_only=True):
    """One select of the filter form (a GET form): the first option, with an empty value, takes it off."""

    name: str
    label: str
    options: tuple[Option, ...]
    value: str = ""


class InboxRow(msgspec.Struct, frozen=True, kw_only=True):
    """One feedback in the inbox."""

    reference: str
    href: str
    snippet: str
    kind: str
    kind_name: str
    category_name: str
    unit_name: str
    status: str
    due_at: datetime | None
    due: str
    """`on_time`, `due_soon`, `overdue`, `paused` or `closed`."""
    received_at: datetime
    assignee_name: str | None = None
    photo_count: int = 0


class Inbox(View, frozen=True, kw_only=True):
    """GET /desk."""

    template: ClassVar[str] = "inbox.html"

    sections: tuple[InboxSection, ...]
    filters: tuple[InboxFilter, ...]
    """Unit, status, kind, due — in this order."""
    section: str = ""
    """Code of the current section; goes along with the filter form."""
    search: str = ""
    """`q`: a word, a reference."""
    is_filtered: bool = False
    rows: tuple[InboxRow, ...] = ()
    total: int | None = None
    """How many match; None: not counted."""
    next_href: str | None = None
    first_href: str | None = None


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach the sender. Masked until opened; opening is audited."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    is_masked: bool = True


class DeskMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Something said about a feedback, to the sender or among the staff."""

    kind: str
    """`answer`, `interim_reply`, `question`, `resident_message` or `comment`."""
    text: str
    language: str
    at: datetime
    author_name: str | None = None
    """None: the sender."""


class StaffHistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the handling, as the staff sees it (`web.words.history_sentence`)."""

    at: datetime
    text: str
    actor_name: str | None = None
    note: str | None = None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to somebody outside and what became of it."""

    title: str
    """What it is, in the reader's language: receipt, answer, assignment …"""
    recipient: str
    """Masked."""
    state: str
    """`scheduled`, `sending`, `delivered` or `undeliverable`."""
    at: datetime
    """When it reached this state, or when it is tried next."""
    attempts: int = 0
    reason: str | None = None


class DeskDetail(View, frozen=True, kw_only=True):
    """GET /desk/feedback/{reference} and what its forms answer with.

    Forms post to /desk/feedback/{reference}/{action} with `csrf_token` and `version`. Actions and their fields: `take`;
    `assign` (`assignee`); `answer`, `interim_reply`, `ask_sender`, `comment` (`text`); `transfer` (`unit`,
    `cover_note`); `change_category` (`category`); `plan` (`note`); `handle` (`reason`); `transfer_to_authority`
    (`authority`, `note`); `reject`; `merge` (`into`); `reopen`; `read_contact`. Publication has its own page.
    """

    template: ClassVar[str] = "desk_detail.html"

    reference: str
    version: int
    kind: str
    kind_name: str
    category_name: str
    department_name: str
    unit_name: str
    status: str
    status_detail: str | None = None
    text: str
    text_language: str
    channel: str
    """`web`, `api`, `phone`, `counter`, `email`, `social` or `import`."""
    address: str | None = None
    lat: float | None = None
    lon: float | None = None
    map_href: str | None = None
    photos: tuple[Photo, ...] = ()
    received_at: datetime
    due_at: datetime | None
    due: str
    """As in the inbox: `on_time`, `due_soon`, `overdue`, `paused` or `closed`."""
    paused_at: datetime | None = None
    answer_working_days: int
    answer_promised: bool
    wants_reply: bool
    assignee_name: str | None = None
    is_mine: bool = False
    contact: Contact | None = None
    """None: the sender left nothing."""
    permission: str
    nickname: str | None = None
    publication_state: str
    publication_href: str | None = None
    """/desk/publication/{reference} for those who may propose or decide."""
    routing_path: tuple[str, ...] = ()
    """Why it came to this unit, line by line."""
    messages: tuple[DeskMessage, ...] = ()
    """Oldest first."""
    history: tuple[StaffHistoryEntry, ...] = ()
    """Newest first."""
    deliveries: tuple[Delivery, ...] = ()
    allowed: AbstractSet[str]
    """The actions above that this person may do in this state."""
    units: tuple[OptionGroup, ...] = ()
    """For `transfer`, by department, without the present unit."""
    categories: tuple[OptionGroup, ...] = ()
    """For `change_category`."""
    assignees: tuple[Option, ...] = ()
    """For `assign`; an empty value is nobody."""
    reasons: tuple[Option, ...] = ()
    """For `handle`: those this kind allows."""
    form: FormState = FormState()
    form_action: str | None = None
    """The action `form` belongs to: its tab or section is open."""
    previous: Link | None = None
    next: Link | None = None

    def form_of(self, action: str) -> FormState:
        """What was typed belongs to one action only; the forms of the others begin empty."""
        return self.form if self.form_action == action else FormState()


class ConflictField(msgspec.Struct, frozen=True, kw_only=True):
    """Something both changed."""

    label: str
    yours: str
    theirs: str


class ConflictPage(View, frozen=True, kw_only=True):
    """409: somebody was faster. Shows both versions; nothing of what was typed is lost."""

    template: ClassVar[str] = "conflict.html"

    reference: str
    href: str
    """The page as it is now."""
    changed_by: str | None = None
    changed_at: datetime | None = None
    fields: tuple[ConflictField, ...] = ()
    typed: tuple[ConflictField, ...] = ()
    """What the reader had written (label, `yours`), to be copied."""
