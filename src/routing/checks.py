"""What the files of routing say about each other and about the categories: references, rules, examples."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches

import msgspec

from kernel.fields import as_tuple
from kernel.yaml import Document, Problems, join
from routing.config import RoutedCategory, RoutingConfig, compile_rules
from routing.documents import (
    DepartmentDocument,
    DepartmentsDocument,
    ExamplesDocument,
    RedirectsDocument,
    RoutingDocument,
    RuleDocument,
    UnitDocument,
    When,
)
from routing.facts import Case
from routing.tree import Rule


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The codes that rules may name."""

    kinds: tuple[str, ...]
    categories: tuple[RoutedCategory, ...]
    languages: tuple[str, ...]
    units: frozenset[str]
    areas: frozenset[str]

    def known(self, key: str) -> set[str]:
        """The codes that this key of a condition may name."""
        match key:
            case "kind":
                return set(self.kinds)
            case "category":
                return {category.code for category in self.categories}
            case "group":
                return {group for category in self.categories for group in category.groups}
            case "area":
                return set(self.areas)
            case _:
                return set(self.languages)


def check_departments(document: Document, departments: DepartmentsDocument, problems: Problems) -> None:
    """Codes are unique, successors exist and end somewhere."""
    seen: dict[str, str] = {}
    units: dict[str, tuple[str, UnitDocument]] = {}
    for code, department in departments.departments.items():
        if not department.units and department.valid_until is None:
            path = join(join("$.departments", code), "units")
            problems.add(document, path, "the department has no unit", "add a unit, or remove the department")
        for unit_code, unit in department.units.items():
            path = f"$.departments.{code}.units.{unit_code}"
            if unit_code in seen:
                what = f"`{unit_code}` is a unit already, on line {document.line(seen[unit_code])}"
                problems.add(document, path, what, "give one of them another code, or move it")
            seen.setdefault(unit_code, path)
            units.setdefault(unit_code, (path, unit))
    _check_successors(document, units, problems)
    parts = {code: (f"$.departments.{code}", part) for code, part in departments.departments.items()}
    _check_successors(document, parts, problems)


def _check_successors(
    document: Document, parts: Mapping[str, tuple[str, UnitDocument | DepartmentDocument]], problems: Problems
) -> None:
    for code, (path, part) in parts.items():
        if part.successor is None or part.valid_until is None:
            continue
        where = f"{path}.successor"
        if part.successor not in parts:
            problems.add(document, where, f"`{part.successor}` does not exist", one_of(part.successor, parts))
            continue
        starts = parts[part.successor][1].valid_from
        if starts is not None and starts > part.valid_until + timedelta(days=1):
            what = f"`{part.successor}` starts {starts}, and `{code}` ends {part.valid_until}"
            problems.add(document, where, what, "leave no day between them")
        if _is_circle(code, parts):
            problems.add(document, where, f"`{code}` follows itself in the end", "break the circle of successors")


def _is_circle(code: str, parts: Mapping[str, tuple[str, UnitDocument | DepartmentDocument]]) -> bool:
    at, seen = parts[code][1].successor, {code}
    while at is not None and at in parts:
        if at == code:
            return True
        if at in seen:
            return False  # another circle, reported at its own members
        seen.add(at)
        at = parts[at][1].successor
    return False


def check_rules(document: Document, routing: RoutingDocument, words: Vocabulary, problems: Problems) -> None:
    """Every code a rule names exists."""
    _check_unit(document, "$.unit", routing.unit, words, problems)
    for path, rule in _all_rules(routing.rules, "$"):
        if rule.unit is not None:
            _check_unit(document, f"{path}.unit", rule.unit, words, problems)
        check_when(document, rule.when, f"{path}.when", words, problems)


def check_redirects(document: Document, redirects: RedirectsDocument, words: Vocabulary, problems: Problems) -> None:
    """Every code a redirect's condition names exists, and there is somewhere to go."""
    for code, redirect in redirects.redirects.items():
        if redirect.when is not None:
            check_when(document, redirect.when, f"$.redirects.{code}.when", words, problems)


def check_when(document: Document, when: When, path: str, words: Vocabulary, problems: Problems) -> None:
    """Every code a condition names exists."""
    for key in ("kind", "category", "group", "area", "language"):
        value: str | tuple[str, ...] | None = getattr(when, key)
        known = words.known(key)
        for at, code in enumerate(as_tuple(value) if value is not None else ()):
            if code in known:
                continue
            where = f"{path}.{key}" if isinstance(value, str) else f"{path}.{key}[{at}]"
            remedy = one_of(code, known)
            if key == "category" and code in words.known("group"):
                remedy = f"`{code}` is a heading: write `group: {code}`"
            problems.add(document, where, f"there is no {key} `{code}`", remedy)
    for name in ("all", "any"):
        for at, part in enumerate(getattr(when, name)):
            check_when(document, part, f"{path}.{name}[{at}]", words, problems)
    if when.not_ is not None:
        check_when(document, when.not_, f"{path}.not", words, problems)


def check_reach(
    document: Document,
    routing: RoutingDocument,
    words: Vocabulary,
    categories: Document,
    problems: Problems,
) -> None:
    """Rules that can never match, and categories that no rule can reach."""
    cases = [
        Case(kind=kind, category=category.code, groups=category.groups, language=language)
        for category in words.categories
        for kind in category.kinds
        for language in words.languages
    ]
    answered: set[str] = set()
    for rule, reason, left in _walk(compile_rules(routing), cases):
        if reason:
            what = f"the rule {rule.name!r} can never match: {reason}"
            problems.add(document, rule.path, what, "move it up, correct its condition, or remove it")
        elif rule.path != "$":
            answered |= {case.category for case in left}
    for category in words.categories:
        if category.kinds and category.code not in answered:
            what = f"no rule can reach `{category.code}`; it would always go to `{routing.unit}`, the root's unit"
            remedy = "add a rule for it to routing.yaml, or end the rules with one that has `by_category: true`"
            problems.add(categories, category_path(category.groups, category.code), what, remedy)


def check_examples(document: Document, examples: ExamplesDocument, routing: RoutingConfig, problems: Problems) -> None:
    """Every example reaches its unit."""
    for at, example in enumerate(examples.examples):
        path = f"$.examples[{at}]"
        category = routing.find_category(example.category)
        if category is None:
            problems.add(document, f"{path}.category", f"there is no category `{example.category}`", "correct the code")
        elif example.kind not in category.kinds:
            what = f"`{example.category}` takes no `{example.kind}`"
            problems.add(document, f"{path}.kind", what, one_of(example.kind, category.kinds))
        elif routing.organisation.find_unit(example.unit) is None:
            problems.add(document, f"{path}.unit", f"there is no unit `{example.unit}`", "correct the code")
        else:
            decision = routing.route(routing.example_facts(example))
            if decision.unit != example.unit:
                what = (
                    f"{example.says!r} reaches `{decision.unit}`, not `{example.unit}` ({'; '.join(decision.lines())})"
                )
                problems.add(document, f"{path}.unit", what, "correct the rules, or the example")


def category_path(groups: tuple[str, ...], code: str) -> str:
    """Where a category stands in categories.yaml."""
    return "$.categories." + ".children.".join((*groups, code))


def _walk(rule: Rule, cases: list[Case]) -> Iterator[tuple[Rule, str, list[Case]]]:
    """(rule, why it never matches, the cases it may answer itself) for every rule, given what may come to the first."""
    left = cases
    for at, child in enumerate(rule.rules):
        fitting = [case for case in left if child.condition.verdict(case) is not False]
        twin = next((other for other in rule.rules[:at] if other.condition == child.condition), None)
        if twin is not None:
            yield child, f"{twin.name!r} before it has the same condition", []
        elif not fitting:
            excluded = all(child.condition.verdict(case) is False for case in cases)
            yield (
                child,
                "its condition holds for nothing that comes here" if excluded else "the rules before it take all",
                [],
            )
        else:
            yield from _walk(child, fitting)
        left = [case for case in left if child.condition.verdict(case) is not True]
    yield rule, "", left


def _all_rules(rules: tuple[RuleDocument, ...], path: str) -> Iterator[tuple[str, RuleDocument]]:
    for at, rule in enumerate(rules):
        where = f"{path}.rules[{at}]"
        yield where, rule
        yield from _all_rules(rule.rules, where)


def _check_unit(document: Document, path: str, code: str, words: Vocabulary, problems: Problems) -> None:
    if code not in words.units:
        problems.add(document, path, f"there is no unit `{code}`", one_of(code, words.units))


def one_of(code: str, known: Iterable[str]) -> str:
    """What to do about a code nobody knows."""
    names = sorted(known)
    close = get_close_matches(code, names, n=1)
    return f"did you mean `{close[0]}`?" if close else f"write one of: {', '.join(names) or 'none are defined'}"
