"""The tree of topics a resident chooses from: two or three levels, feedback hangs on the leaves."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

import msgspec

from kernel.errors import NotFound
from kernel.text import LocalizedText

LocationRule = Literal["required", "optional", "none"]
PublishRule = Literal["normal", "review", "never"]


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A topic. Former ones stay, so that old feedback keeps its name."""

    code: str
    name: LocalizedText
    groups: tuple[str, ...]
    """Codes of the groups it is in, outermost first."""
    unit: str
    """Who answers for it, unless a routing rule says otherwise."""
    answer_working_days: int
    max_calendar_days: int | None = None
    """Limit the law sets in calendar days (accessibility feedback: 14)."""
    location: LocationRule
    publish: PublishRule = "normal"
    """`review`: more eyes before it is published; `never`: wins over every permission and decision."""
    keywords: tuple[str, ...] = ()
    """Finnish word stems by which the form suggests it."""
    kinds: tuple[str, ...]
    """Kinds of feedback it takes, in the municipality's order."""
    valid_from: date | None = None
    valid_until: date | None = None
    """Last day it may be chosen."""
    successor: str | None = None
    """Category for such matters afterwards."""

    def is_valid_on(self, on: date) -> bool:
        """Whether it may be chosen on this day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )


class CategoryGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A heading over categories or further headings."""

    code: str
    name: LocalizedText
    children: tuple["CategoryGroup | Category", ...]

    def leaves(self) -> Iterator[Category]:
        """The categories below it, in order."""
        for child in self.children:
            if isinstance(child, Category):
                yield child
            else:
                yield from child.leaves()


class PublicCategory(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node of the tree as the public API shows it; a heading has `children` and only names besides."""

    code: str
    name: dict[str, str]
    children: tuple["PublicCategory", ...] = ()
    location: str | None = None
    """`required`, `optional` or `none`."""
    kinds: tuple[str, ...] | None = None
    answer_working_days: int | None = None
    publish: str | None = None
    """`normal`, `review` or `never`."""


class CategoryTree:
    """All topics of one municipality."""

    def __init__(self, groups: Iterable[CategoryGroup]) -> None:
        self.groups = tuple(groups)
        """The first level, in the municipality's order."""
        self._leaves = {category.code: category for group in self.groups for category in group.leaves()}

    def leaves(self) -> tuple[Category, ...]:
        """Every category, former ones too, in order."""
        return tuple(self._leaves.values())

    def find(self, code: str) -> Category | None:
        """The category with this code."""
        return self._leaves.get(code)

    def get(self, code: str) -> Category:
        """The category with this code. Raises NotFound."""
        category = self._leaves.get(code)
        if category is None:
            raise NotFound("unknown_category", category=code)
        return category

    def public(self, on: date) -> tuple[PublicCategory, ...]:
        """What may be chosen on this day, as the API shows it; a heading without categories is left out."""
        nodes = (_public(group, on) for group in self.groups)
        return tuple(node for node in nodes if node is not None)


def _public(node: CategoryGroup | Category, on: date) -> PublicCategory | None:
    if isinstance(node, Category):
        if not node.is_valid_on(on):
            return None
        return PublicCategory(
            code=node.code,
            name=node.name.as_dict(),
            location=node.location,
            kinds=node.kinds,
            answer_working_days=node.answer_working_days,
            publish=node.publish,
        )
    children = tuple(child for child in (_public(child, on) for child in node.children) if child is not None)
    return PublicCategory(code=node.code, name=node.name.as_dict(), children=children) if children else None
