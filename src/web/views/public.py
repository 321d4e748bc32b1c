"""What anyone may read: the published copies."""

from datetime import datetime
from typing import ClassVar

import msgspec

from web.views.page import Photo, View


class PublicCard(msgspec.Struct, frozen=True, kw_only=True):
    """One published feedback in a list."""

    reference: str
    href: str
    kind: str
    kind_name: str
    category_name: str
    excerpt: str
    """Beginning of the public text, cut at a word."""
    received_at: datetime
    area: str | None = None
    """Where, as far as it is public."""
    is_answered: bool = False


class FilterLink(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a filter, as a link."""

    text: str
    href: str
    is_current: bool = False


class FilterGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A filter with its values; the first link takes it off."""

    label: str
    links: tuple[FilterLink, ...]


class PublishedList(View, frozen=True, kw_only=True):
    """GET /published."""

    template: ClassVar[str] = "published_list.html"

    filters: tuple[FilterGroup, ...] = ()
    cards: tuple[PublicCard, ...] = ()
    is_filtered: bool = False
    next_href: str | None = None
    """Older ones (`cursor`); None on the last page."""
    first_href: str | None = None
    """Back to the newest; None on the first page."""
    feed_href: str = "/feed.atom"


class PublicAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The public copy of an answer."""

    text: str
    language: str
    unit_name: str
    at: datetime


class PublishedDetail(View, frozen=True, kw_only=True):
    """GET /published/{reference}."""

    template: ClassVar[str] = "published_detail.html"

    reference: str
    kind: str
    kind_name: str
    category_name: str
    category_href: str | None = None
    """The list of this category."""
    text: str
    text_language: str
    shown_name: str | None = None
    """The nickname; None: anonymous."""
    received_at: datetime
    published_at: datetime
    area: str | None = None
    unit_name: str | None = None
    status: str
    photos: tuple[Photo, ...] = ()
    answers: tuple[PublicAnswer, ...] = ()
    """Oldest first."""
