"""Kinds of condition, one struct each. A new kind is a struct here and a key in `routing.config.When`.

`holds` asks the facts of one feedback. `verdict` asks before any feedback: True or False when kind, category and
language alone decide, None when it depends; with it the check finds rules that can never match.
"""

import re
from datetime import time
from functools import lru_cache
from typing import Literal, Protocol

import msgspec

from routing.facts import Case, RoutingFacts

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Condition(Protocol):
    """What every kind can do."""

    def holds(self, facts: RoutingFacts) -> bool:
        """Whether it holds for this feedback."""

    def verdict(self, case: Case) -> bool | None:
        """Whether it holds for every (True), no (False) or some (None) feedback of this case."""

    def describe(self) -> str:
        """As it stands in the explanation of a decision."""


class Kind(msgspec.Struct, frozen=True):
    """The feedback is of one of these kinds."""

    codes: tuple[str, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them is the feedback's kind."""
        return facts.kind in self.codes

    def verdict(self, case: Case) -> bool | None:
        """Decided by the kind."""
        return case.kind in self.codes

    def describe(self) -> str:
        """`kind is fault`."""
        return f"kind is {_or(self.codes)}"


class Category(msgspec.Struct, frozen=True):
    """The feedback is about one of these topics."""

    codes: tuple[str, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them is the feedback's category."""
        return facts.category in self.codes

    def verdict(self, case: Case) -> bool | None:
        """Decided by the category."""
        return case.category in self.codes

    def describe(self) -> str:
        """`category is a or b`."""
        return f"category is {_or(self.codes)}"


class Group(msgspec.Struct, frozen=True):
    """The feedback's category is in one of these groups, at any depth."""

    codes: tuple[str, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them holds the feedback's category."""
        return any(code in self.codes for code in facts.groups)

    def verdict(self, case: Case) -> bool | None:
        """Decided by the category."""
        return any(code in self.codes for code in case.groups)

    def describe(self) -> str:
        """`group is a or b`."""
        return f"group is {_or(self.codes)}"


class InArea(msgspec.Struct, frozen=True):
    """The place lies in one of these areas; a feedback without a point lies in none."""

    codes: tuple[str, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them contains the place."""
        return not facts.areas.isdisjoint(self.codes)

    def verdict(self, case: Case) -> bool | None:  # noqa: ARG002 - the place is not part of a case
        """Depends on the place."""
        return None

    def describe(self) -> str:
        """`place is in a`."""
        return f"place is in {_or(self.codes)}"


class Language(msgspec.Struct, frozen=True):
    """The feedback is written in one of these languages."""

    codes: tuple[str, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them is the feedback's language."""
        return facts.language in self.codes

    def verdict(self, case: Case) -> bool | None:
        """Decided by the language."""
        return case.language in self.codes

    def describe(self) -> str:
        """`language is sv`."""
        return f"language is {_or(self.codes)}"


class Words(msgspec.Struct, frozen=True):
    """A word of the text begins with one of these stems."""

    stems: tuple[str, ...]
    """Folded; a stem may hold spaces (`kevyen liiken`)."""

    def holds(self, facts: RoutingFacts) -> bool:
        """Some word begins with some stem."""
        return bool(facts.text) and _pattern(self.stems).search(facts.text) is not None

    def verdict(self, case: Case) -> bool | None:  # noqa: ARG002 - the text is not part of a case
        """Depends on the text."""
        return None

    def describe(self) -> str:
        """`a word begins with a or b`."""
        return f"a word begins with {_or(self.stems)}"


class Time(msgspec.Struct, frozen=True):
    """The feedback arrived on one of these weekdays, within these hours, in the municipality's time."""

    weekdays: tuple[Weekday, ...] = WEEKDAYS
    start: time = time(0)
    end: time = time(0)
    """Not included; 00:00 is the end of the day. Earlier than `start`: the night after each of the weekdays."""

    def holds(self, facts: RoutingFacts) -> bool:
        """It arrived then."""
        at = facts.arrived_at.time()
        today = facts.arrived_at.weekday()
        if self.end == time(0) or self.start < self.end:
            return WEEKDAYS[today] in self.weekdays and self.start <= at and (self.end == time(0) or at < self.end)
        if at >= self.start:
            return WEEKDAYS[today] in self.weekdays
        return at < self.end and WEEKDAYS[today - 1] in self.weekdays

    def verdict(self, case: Case) -> bool | None:  # noqa: ARG002 - the moment is not part of a case
        """Depends on the moment."""
        return None

    def describe(self) -> str:
        """`arrived mon, tue 08:00-16:00`."""
        return f"arrived {', '.join(self.weekdays)} {self.start:%H:%M}-{self.end:%H:%M}"


class Answer(msgspec.Struct, frozen=True):
    """An extra question was answered with one of these."""

    question: str
    values: tuple[str, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them was the answer."""
        return facts.answers.get(self.question) in self.values

    def verdict(self, case: Case) -> bool | None:  # noqa: ARG002 - answers are not part of a case
        """Depends on the answer."""
        return None

    def describe(self) -> str:
        """`answer to q is a`."""
        return f"answer to {self.question} is {_or(self.values)}"


class All(msgspec.Struct, frozen=True):
    """All of them hold; without any, always."""

    conditions: tuple[Condition, ...] = ()

    def holds(self, facts: RoutingFacts) -> bool:
        """None of them fails."""
        return all(condition.holds(facts) for condition in self.conditions)

    def verdict(self, case: Case) -> bool | None:
        """False as soon as one is, True when all are."""
        verdicts = [condition.verdict(case) for condition in self.conditions]
        return False if False in verdicts else None if None in verdicts else True

    def describe(self) -> str:
        """`a and b`."""
        return " and ".join(condition.describe() for condition in self.conditions) or "always"


class AnyOf(msgspec.Struct, frozen=True):
    """At least one of them holds."""

    conditions: tuple[Condition, ...]

    def holds(self, facts: RoutingFacts) -> bool:
        """One of them does not fail."""
        return any(condition.holds(facts) for condition in self.conditions)

    def verdict(self, case: Case) -> bool | None:
        """True as soon as one is, False when all are."""
        verdicts = [condition.verdict(case) for condition in self.conditions]
        return True if True in verdicts else None if None in verdicts else False

    def describe(self) -> str:
        """`(a or b)`."""
        return f"({' or '.join(condition.describe() for condition in self.conditions)})"


class Not(msgspec.Struct, frozen=True):
    """It does not hold."""

    condition: Condition

    def holds(self, facts: RoutingFacts) -> bool:
        """It fails."""
        return not self.condition.holds(facts)

    def verdict(self, case: Case) -> bool | None:
        """The opposite, where there is one."""
        verdict = self.condition.verdict(case)
        return None if verdict is None else not verdict

    def describe(self) -> str:
        """`not (a)`."""
        return f"not ({self.condition.describe()})"


@lru_cache(maxsize=1_000)
def _pattern(stems: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(stem) for stem in stems)})")


def _or(codes: tuple[str, ...]) -> str:
    return " or ".join(codes)
