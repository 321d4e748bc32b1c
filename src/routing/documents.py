"""The files of routing as they are written: departments, routing, examples, redirects (`config/tenants/README.md`)."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Annotated

import msgspec

from kernel.fields import Code, Email, HttpsUrl, Lat, Lon, OneOrMore, Phone, Text, as_tuple
from kernel.text import LocalizedText
from kernel.yaml import Fault
from routing.areas import Point, is_simple
from routing.conditions import (
    WEEKDAYS,
    All,
    Answer,
    AnyOf,
    Category,
    Condition,
    Group,
    InArea,
    Kind,
    Language,
    Not,
    Time,
    Weekday,
    Words,
)
from routing.facts import fold


class UnitDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A unit, below its department."""

    name: LocalizedText
    email: Email | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    successor: Code | None = None

    def faults(self) -> Iterable[Fault]:
        """Its days must agree."""
        return validity_faults(self.valid_from, self.valid_until, self.successor)


class DepartmentDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A department with its units."""

    name: LocalizedText
    units: dict[Code, UnitDocument]
    valid_from: date | None = None
    valid_until: date | None = None
    successor: Code | None = None

    def faults(self) -> Iterable[Fault]:
        """Its days must agree."""
        return validity_faults(self.valid_from, self.valid_until, self.successor)


class DepartmentsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """departments.yaml."""

    departments: Annotated[dict[Code, DepartmentDocument], msgspec.Meta(min_length=1)]


class AreaDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An area drawn on the map."""

    name: LocalizedText
    polygon: Annotated[tuple[tuple[Lon, Lat], ...], msgspec.Meta(min_length=3)]
    """[longitude, latitude] of each corner; the last is joined to the first."""

    def faults(self) -> Iterator[Fault]:
        """Its outline must have an inside."""
        if not is_simple(self.ring()):
            yield Fault(".polygon", "its outline crosses itself", "list the corners in order around the area")

    def ring(self) -> tuple[Point, ...]:
        """The corners, each once: GeoJSON repeats the first at the end."""
        return self.polygon[:-1] if self.polygon[0] == self.polygon[-1] else self.polygon


class TimeDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Weekdays and hours of arrival."""

    weekdays: tuple[Weekday, ...] = WEEKDAYS
    start: time = msgspec.field(default=time(0), name="from")
    end: time = msgspec.field(default=time(0), name="until")


class When(msgspec.Struct, frozen=True, kw_only=True):
    """A condition; every key that is written must hold, and without keys it always does."""

    kind: OneOrMore | None = None
    category: OneOrMore | None = None
    group: OneOrMore | None = None
    area: OneOrMore | None = None
    language: OneOrMore | None = None
    words: OneOrMore | None = None
    time: TimeDocument | None = None
    answer: dict[str, OneOrMore] = {}
    all: tuple["When", ...] = ()
    any: tuple["When", ...] = ()
    not_: "When | None" = msgspec.field(default=None, name="not")

    def condition(self) -> Condition:
        """The condition it stands for."""
        parts = tuple(self._parts())
        return parts[0] if len(parts) == 1 else All(parts)

    def _parts(self) -> Iterator[Condition]:
        if self.kind is not None:
            yield Kind(as_tuple(self.kind))
        if self.category is not None:
            yield Category(as_tuple(self.category))
        if self.group is not None:
            yield Group(as_tuple(self.group))
        if self.area is not None:
            yield InArea(as_tuple(self.area))
        if self.language is not None:
            yield Language(as_tuple(self.language))
        if self.words is not None:
            yield Words(tuple(fold(stem) for stem in as_tuple(self.words)))
        if self.time is not None:
            yield Time(self.time.weekdays, self.time.start, self.time.end)
        for question, values in self.answer.items():
            yield Answer(question, as_tuple(values))
        yield from (part.condition() for part in self.all)
        if self.any:
            yield AnyOf(tuple(part.condition() for part in self.any))
        if self.not_ is not None:
            yield Not(self.not_.condition())


class RuleDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A rule: a condition, who answers, and finer rules below it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    when: When = When()
    unit: Code | None = None
    by_category: bool = False
    """The unit of the feedback's own category answers."""
    rules: tuple["RuleDocument", ...] = ()

    def faults(self) -> Iterator[Fault]:
        """Exactly one answer."""
        if (self.unit is None) is not self.by_category:
            what = "names no unit" if self.unit is None else "has both `unit` and `by_category`"
            yield Fault("", what, "write either `unit:` with a unit's code or `by_category: true`")


class RoutingDocument(msgspec.Struct, frozen=True, kw_only=True):
    """routing.yaml."""

    unit: Code
    """Answers when no rule does."""
    areas: dict[Code, AreaDocument] = {}
    rules: tuple[RuleDocument, ...] = ()


class ExampleDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A feedback and the unit it must reach."""

    says: Text
    """What the example shows."""
    kind: str
    category: str
    unit: str
    text: str = ""
    lat: Lat | None = None
    lon: Lon | None = None
    language: str = "fi"
    at: datetime = datetime(2026, 1, 12, 12, 0)  # noqa: DTZ001 - local time of whatever municipality
    """Local time of arrival, when the rules look at it; else some Monday noon."""


class ExamplesDocument(msgspec.Struct, frozen=True, kw_only=True):
    """routing.examples.yaml."""

    examples: Annotated[tuple[ExampleDocument, ...], msgspec.Meta(min_length=1)]


class RedirectDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A matter that is somebody else's."""

    name: LocalizedText
    to: LocalizedText
    text: LocalizedText
    url: HttpsUrl | None = None
    phone: Phone | None = None
    urgent: bool = False
    when: When | None = None
    """Without it, always shown."""


class RedirectsDocument(msgspec.Struct, frozen=True, kw_only=True):
    """redirects.yaml."""

    redirects: dict[Code, RedirectDocument]


def validity_faults(valid_from: date | None, valid_until: date | None, successor: str | None) -> Iterator[Fault]:
    """What is wrong with the days of something that is renamed and merged over the years."""
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        yield Fault(".valid_until", f"{valid_until} lies before valid_from", "put the days in order")
    if valid_until is not None and successor is None:
        yield Fault(".valid_until", "it ends, and nobody follows", "add `successor:` with the code of who follows")
    if successor is not None and valid_until is None:
        yield Fault(".successor", "it has a successor and never ends", "add `valid_until:` with its last day")
