"""What every page has: whose it is, in which language, who is signed in; and the pieces that pages share."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Literal

import msgspec

# Problems of a field that has no control of its own are shown at the control that can cure them.
_SHOWN_AT = {"location": "location.address"}


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all page structs. The struct decides its template."""

    template: ClassVar[str]


class Link(msgspec.Struct, frozen=True):
    """A link with its text in the reader's language."""

    text: str
    href: str


class LanguageLink(msgspec.Struct, frozen=True):
    """One language of the switcher."""

    code: str
    """`fi`, `sv` or `en`."""
    name: str
    """In the language itself: `Svenska`."""
    href: str
    """The page shown now, in that language; for the answer to a POST the page it was sent from."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message above the content: what was just done, or the tenant's announcement."""

    kind: Literal["info", "success", "warning", "error"] = "info"
    title: str | None = None
    text: str


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in at the desk."""

    name: str
    may_publish: bool = False
    """Whether the publication queue is in the navigation."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds the content. Same for all pages of one request."""

    tenant_name: str
    """The municipality's name in the reader's language, nominative."""
    service_name: str | None = None
    """The tenant's own name of its service, with the municipality's name inflected; None: made of the nominative."""
    language: str
    time_zone: str
    """IANA name; all times are shown in it."""
    languages: tuple[LanguageLink, ...]
    """The tenant's languages, the current one among them."""
    path: str
    """Path asked for; marks the current place in the navigation."""
    theme_href: str
    """The tenant's colours: `/static/tenant.css?v=…`."""
    logo_href: str | None = None
    """The tenant's logo; its alternative text is the tenant's name. None: the name in letters."""
    staff: StaffMember | None = None
    """None on pages for residents and the public."""
    csrf_token: str | None = None
    """Goes into every form of the staff."""
    notices: tuple[Notice, ...] = ()
    footer_links: tuple[Link, ...] = ()
    """Privacy notice, accessibility statement and the like; only pages that exist."""


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One choice of a select or a radio group."""

    value: str
    text: str
    hint: str | None = None


class OptionGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Choices under a heading (`optgroup`)."""

    label: str
    options: tuple[Option, ...]


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that may be shown to this reader."""

    href: str
    width: int
    height: int
    alt: str | None = None
    """What the sender wrote; None: a numbered text is used."""


class FormState(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed so far and what is wrong with it.

    Controls are named as the problems' paths (`text`, `location.address`, `contact.email`), so what a form sends and
    what is said about it go by one name.
    """

    values: Mapping[str, str] = MappingProxyType({})
    errors: Mapping[str, Sequence[str]] = MappingProxyType({})
    """Path → messages in the reader's language, in the order of the form (`web.words.problem_messages`)."""

    def value(self, path: str) -> str:
        """What was typed, or the empty text."""
        return self.values.get(path, "")

    def messages(self, path: str) -> tuple[str, ...]:
        """Messages to be shown at this control."""
        return tuple(
            message
            for at, messages in self.errors.items()
            if _shown_at(at) == path
            for message in messages
        )  # fmt: skip

    @property
    def summary(self) -> tuple[tuple[str, str], ...]:
        """(id of the control, message) for the summary above the form."""
        return tuple(
            (_shown_at(path).replace(".", "-"), message)
            for path, messages in self.errors.items()
            for message in messages
        )  # fmt: skip


class ErrorPage(View, frozen=True, kw_only=True):
    """Something cannot be: what, and what to do about it. For 4xx and 500."""

    template: ClassVar[str] = "error.html"

    status: int
    title: str
    text: str
    """What happened, one or two sentences."""
    remedy: str | None = None
    """What the reader can do now."""
    correlation_id: str | None = None
    """To be quoted to the support; shown for 500 and wherever it helps."""
    links: tuple[Link, ...] = ()
    """Where to go on; none: the front page."""


def _shown_at(path: str) -> str:
    """`photos.0` is wrong with `photos`, `location` with the address."""
    first, _, rest = path.partition(".")
    return first if rest.isdigit() else _SHOWN_AT.get(path, path)
