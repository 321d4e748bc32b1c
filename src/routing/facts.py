"""Everything a rule may look at."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec


class RoutingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One feedback, as the rules see it. Made by `RoutingConfig.facts`, which knows groups and areas.

    An empty text is a fact not known: no condition on it holds.
    """

    kind: str = ""
    category: str = ""
    groups: tuple[str, ...] = ()
    """The groups the category is in, outermost first."""
    lat: float | None = None
    lon: float | None = None
    areas: frozenset[str] = frozenset()
    """The municipality's areas that the place lies in."""
    language: str = ""
    text: str = ""
    """In `fold`ed form, in which word stems are looked for."""
    arrived_at: datetime
    """In the municipality's own time; rules ask for its weekday and time of day."""
    answers: Mapping[str, str] = MappingProxyType({})
    """Answers to a category's extra questions, by the question's code."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a feedback before any arrives: enough to tell which rules can ever match."""

    kind: str
    category: str
    groups: tuple[str, ...]
    language: str


def fold(text: str) -> str:
    """A text as stems are compared: without difference of case, one space between words."""
    return " ".join(text.casefold().split())
