"""The files of feedback as they are written: categories, feedback, calendar (`config/tenants/README.md`)."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

import msgspec

from feedback.categories import LocationRule, PublishRule
from kernel.fields import Code, HttpsUrl
from kernel.text import LocalizedText
from kernel.yaml import Fault
from routing.documents import validity_faults

KindCode = Literal["thanks", "feedback", "question", "proposal", "fault"]
Days = Annotated[int, msgspec.Meta(ge=1, le=365)]
LEVELS_MAX = 3
"""More than three levels are not found by a thumb on a phone."""


class CategoryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A heading (with `children`) or a category (without)."""

    name: LocalizedText
    children: dict[Code, "CategoryDocument"] | None = None
    unit: Code | None = None
    answer_working_days: Days | None = None
    max_calendar_days: Days | None = None
    location: LocationRule | None = None
    publish: PublishRule | None = None
    keywords: tuple[Annotated[str, msgspec.Meta(min_length=2)], ...] = ()
    kinds: Annotated[tuple[KindCode, ...], msgspec.Meta(min_length=1)] | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    successor: Code | None = None

    def faults(self) -> Iterator[Fault]:
        """A heading has only children, a category all that a promise needs."""
        needed = ("unit", "answer_working_days", "location")
        if self.children is None:
            for name in needed:
                if getattr(self, name) is None:
                    yield Fault("", f"`{name}` is missing", f"add `{name}:`, or `children:` if this is a heading")
            yield from validity_faults(self.valid_from, self.valid_until, self.successor)
            return
        for name in (*needed, "publish", "kinds", "max_calendar_days"):
            if getattr(self, name) is not None:
                yield Fault(f".{name}", "a heading with children has only a name", f"remove `{name}:` or `children:`")
        if not self.children:
            yield Fault(".children", "the heading is empty", "put a category below it, or remove the heading")


class CategoriesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """categories.yaml."""

    categories: Annotated[dict[Code, CategoryDocument], msgspec.Meta(min_length=1)]

    def faults(self) -> Iterator[Fault]:
        """Feedback hangs on the second or third level."""
        for code, node in self.categories.items():
            path = f".categories.{code}"
            if node.children is None:
                yield Fault(path, "a category stands on the first level", "put it below a heading")
            yield from _too_deep(node, path, 1)


class KindDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of feedback the municipality offers."""

    name: LocalizedText
    answer_promised: bool
    promise: LocalizedText
    """Told before sending: whether an answer comes."""


class HandledReasonDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A reason for closing without an answer."""

    name: LocalizedText
    """As the sender is told."""
    kinds: Annotated[tuple[KindCode, ...], msgspec.Meta(min_length=1)]
    """Kinds that may be closed for it."""


class AuthorityDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Another authority that matters are transferred to."""

    name: LocalizedText
    url: HttpsUrl | None = None


class FeedbackDocument(msgspec.Struct, frozen=True, kw_only=True):
    """feedback.yaml."""

    kinds: Annotated[dict[KindCode, KindDocument], msgspec.Meta(min_length=1)]
    handled_reasons: dict[Code, HandledReasonDocument]
    authorities: dict[Code, AuthorityDocument] = {}


class ClosedDayDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A day on which the municipality is closed besides the public holidays."""

    on: date
    why: LocalizedText


class CalendarDocument(msgspec.Struct, frozen=True, kw_only=True):
    """calendar.yaml."""

    closed: tuple[ClosedDayDocument, ...] = ()


def _too_deep(node: CategoryDocument, path: str, level: int) -> Iterator[Fault]:
    for code, child in (node.children or {}).items():
        below = f"{path}.children.{code}"
        if level == LEVELS_MAX:
            yield Fault(below, f"stands below level {LEVELS_MAX}", f"keep the tree to {LEVELS_MAX} levels")
        else:
            yield from _too_deep(child, below, level + 1)
