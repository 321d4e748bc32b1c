"""The routing tree: depth first, first match wins, the root always answers."""

from collections.abc import Mapping
from datetime import date

import msgspec

from kernel.errors import NotFound
from routing.conditions import All, Condition
from routing.departments import Organisation
from routing.facts import RoutingFacts


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the tree: when its condition holds, the first of its own rules that matches answers, else it does."""

    name: str
    """What the municipality calls it."""
    path: str
    """Where it stands in the file: `$.rules[0]`."""
    condition: Condition
    unit: str | None
    """None: the unit of the feedback's own category."""
    rules: tuple["Rule", ...] = ()


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """One rule on the way to the decision."""

    rule: str
    path: str
    because: str
    """The condition that held."""
    passed: tuple[str, ...]
    """Names of the rules before it on the same level, which did not match."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """To whom a feedback goes, and why."""

    unit: str
    department: str
    path: tuple[PathStep, ...]
    """From the root to the rule that answered."""
    answer: str
    """How the last rule named the unit: `unit kirjasto`, `category auraus belongs to kunnossapito`."""
    successions: tuple[str, ...] = ()
    """Former units on the way to the one that exists."""

    def lines(self) -> list[str]:
        """The decision for people, a line for each step; stored with the feedback."""
        steps = [f"{step.path} {step.rule}: {step.because}" for step in self.path]
        return [*steps, self.answer, *self.successions, f"→ {self.unit} ({self.department})"]


class RoutingTree:
    """The rules of one municipality with what they refer to."""

    def __init__(self, root: Rule, unit_by_category: Mapping[str, str], organisation: Organisation) -> None:
        self.root = root
        self._unit_by_category = unit_by_category
        self._organisation = organisation

    def route(self, facts: RoutingFacts, on: date | None = None) -> Decision:
        """Decide. `on` is the day whose organisation receives it, else the day of arrival.

        Raises NotFound for a category the municipality does not have.
        """
        rule: Rule | None = self.root
        passed: tuple[str, ...] = ()
        path: list[PathStep] = []
        while rule is not None:
            path.append(PathStep(rule=rule.name, path=rule.path, because=rule.condition.describe(), passed=passed))
            last = rule
            rule, passed = _first_match(last.rules, facts)
        unit, answer = self._answer(last, facts)
        found = self._organisation.resolve(unit, on or facts.arrived_at.date())
        return Decision(
            unit=found.unit.code,
            department=found.department.code,
            path=tuple(path),
            answer=answer,
            successions=found.steps,
        )

    def _answer(self, rule: Rule, facts: RoutingFacts) -> tuple[str, str]:
        if rule.unit is not None:
            return rule.unit, f"unit {rule.unit}"
        unit = self._unit_by_category.get(facts.category)
        if unit is None:
            raise NotFound("unknown_category", category=facts.category)
        return unit, f"category {facts.category} belongs to {unit}"


def _first_match(rules: tuple[Rule, ...], facts: RoutingFacts) -> tuple[Rule | None, tuple[str, ...]]:
    """The first rule that matches, and the names of those before it."""
    for at, rule in enumerate(rules):
        if rule.condition.holds(facts):
            return rule, tuple(passed.name for passed in rules[:at])
    return None, ()


def root_rule(unit: str, rules: tuple[Rule, ...]) -> Rule:
    """The root: its condition always holds, so every feedback has an answer."""
    return Rule(name="root", path="$", condition=All(), unit=unit, rules=rules)
