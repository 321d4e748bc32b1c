"""Where would this go, and why: a decision with every rule that was passed over on the way."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from kernel.errors import NotFound
from routing.config import RoutingConfig
from routing.facts import RoutingFacts
from routing.redirects import Redirect
from routing.tree import Decision, Rule


class TriedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was looked at."""

    path: str
    name: str
    condition: str
    holds: bool
    level: int
    """0 is the root."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """A decision for people and for programs."""

    decision: Decision
    unit_name: dict[str, str]
    department_name: dict[str, str]
    areas: tuple[str, ...]
    """Areas the place lies in."""
    tried: tuple[TriedRule, ...]
    """Every rule looked at, in order."""
    redirects: tuple[str, ...]
    """Codes of the redirects that a resident would be shown."""

    def lines(self, language: str = "fi") -> list[str]:
        """For the terminal: the rules tried, those that matched marked, then the answer."""
        tried = [
            f"{'  ' * rule.level}{'✓' if rule.holds else '·'} {rule.path} {rule.name}: {rule.condition}"
            for rule in self.tried
        ]
        unit = self.unit_name.get(language, self.decision.unit)
        department = self.department_name.get(language, self.decision.department)
        return [
            f"areas: {', '.join(self.areas) or 'none'}",
            *tried,
            self.decision.answer,
            *self.decision.successions,
            f"→ {self.decision.unit}: {unit} ({department})",
            *(f"the resident is shown the redirect {code}" for code in self.redirects),
        ]

    def as_dict(self) -> dict[str, object]:
        """For `--json`."""
        return msgspec.json.decode(msgspec.json.encode(self), type=dict[str, object])


def explain(
    routing: RoutingConfig,
    *,
    kind: str,
    category: str,
    at: datetime,
    lat: float | None = None,
    lon: float | None = None,
    text: str | None = None,
    language: str | None = None,
) -> Explanation:
    """The decision for such a feedback, arriving `at` this local time.

    Raises NotFound for an unknown category and for a kind it does not take.
    """
    known = routing.find_category(category)
    if known is None:
        raise NotFound("unknown_category", category=category)
    if kind not in known.kinds:
        raise NotFound("unknown_kind", kind=kind, category=category)
    facts = routing.facts(at=at, kind=kind, category=category, lat=lat, lon=lon, language=language, text=text)
    decision = routing.route(facts)
    redirects: tuple[Redirect, ...] = routing.find_redirects(facts)
    return Explanation(
        decision=decision,
        unit_name=routing.organisation.get_unit(decision.unit).name.as_dict(),
        department_name=routing.organisation.get_department(decision.department).name.as_dict(),
        areas=tuple(sorted(facts.areas)),
        tried=tuple(_tried(routing.tree.root, facts, 0)),
        redirects=tuple(redirect.code for redirect in redirects),
    )


def _tried(rule: Rule, facts: RoutingFacts, level: int) -> Iterator[TriedRule]:
    holds = rule.condition.holds(facts)
    yield TriedRule(path=rule.path, name=rule.name, condition=rule.condition.describe(), holds=holds, level=level)
    if holds:
        for child in rule.rules:
            yield from _tried(child, facts, level + 1)
            if child.condition.holds(facts):
                break
