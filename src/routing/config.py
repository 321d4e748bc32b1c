"""A municipality's routing, compiled from its files: organisation, areas, rules, redirects."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

import msgspec

from routing.areas import Area
from routing.departments import Department, Organisation, Unit
from routing.documents import (
    DepartmentsDocument,
    ExampleDocument,
    RedirectsDocument,
    RoutingDocument,
    RuleDocument,
)
from routing.facts import RoutingFacts, fold
from routing.redirects import Redirect, Redirects
from routing.tree import Decision, RoutingTree, Rule, root_rule


class RoutedCategory(msgspec.Struct, frozen=True, kw_only=True):
    """What routing knows of a category."""

    code: str
    groups: tuple[str, ...]
    """Outermost first."""
    unit: str
    kinds: tuple[str, ...]


class RoutingConfig:
    """Decides for one municipality. Made by `compile_routing` from files that were checked."""

    def __init__(
        self,
        organisation: Organisation,
        tree: RoutingTree,
        categories: Mapping[str, RoutedCategory],
        areas: tuple[Area, ...],
        redirects: Redirects,
    ) -> None:
        self.organisation = organisation
        self.tree = tree
        self.areas = areas
        self.redirects = redirects
        self._categories = categories

    def facts(
        self,
        *,
        at: datetime,
        kind: str | None = None,
        category: str | None = None,
        lat: float | None = None,
        lon: float | None = None,
        language: str | None = None,
        text: str | None = None,
        answers: Mapping[str, str] = MappingProxyType({}),
    ) -> RoutingFacts:
        """The facts of a feedback that arrived `at` this local time. What is not known yet may be left out."""
        found = self._categories.get(category or "")
        place = (lat, lon) if lat is not None and lon is not None else None
        return RoutingFacts(
            kind=kind or "",
            category=category or "",
            groups=found.groups if found else (),
            lat=lat,
            lon=lon,
            areas=frozenset(area.code for area in self.areas if place and area.contains(*place)),
            language=language or "",
            text=fold(text or ""),
            arrived_at=at,
            answers=answers,
        )

    def find_category(self, code: str) -> RoutedCategory | None:
        """What routing knows of the category with this code."""
        return self._categories.get(code)

    def route(self, facts: RoutingFacts, on: date | None = None) -> Decision:
        """Who receives it. `on` is the day whose organisation does, else the day of arrival."""
        return self.tree.route(facts, on)

    def find_redirects(self, facts: RoutingFacts) -> tuple[Redirect, ...]:
        """Redirects that what is known so far points to."""
        return self.redirects.find(facts)

    def example_facts(self, example: ExampleDocument) -> RoutingFacts:
        """The facts of a written example."""
        return self.facts(
            at=example.at,
            kind=example.kind,
            category=example.category,
            lat=example.lat,
            lon=example.lon,
            language=example.language,
            text=example.text,
        )


def compile_routing(
    departments: DepartmentsDocument,
    routing: RoutingDocument,
    redirects: RedirectsDocument,
    categories: tuple[RoutedCategory, ...],
) -> RoutingConfig:
    """The routing of files that have passed `routing.checks`."""
    organisation = compile_organisation(departments)
    by_code = {category.code: category for category in categories}
    unit_by_category = {category.code: category.unit for category in categories}
    return RoutingConfig(
        organisation,
        RoutingTree(compile_rules(routing), unit_by_category, organisation),
        by_code,
        tuple(Area(code=code, rings=(area.ring(),)) for code, area in routing.areas.items()),
        Redirects(
            Redirect(
                code=code,
                name=redirect.name,
                to=redirect.to,
                text=redirect.text,
                url=redirect.url,
                phone=redirect.phone,
                urgent=redirect.urgent,
                condition=redirect.when.condition() if redirect.when else None,
            )
            for code, redirect in redirects.redirects.items()
        ),
    )


def compile_organisation(document: DepartmentsDocument) -> Organisation:
    """Departments and units out of their file."""
    return Organisation(
        (
            Department(
                code=code,
                name=department.name,
                valid_from=department.valid_from,
                valid_until=department.valid_until,
                successor=department.successor,
            )
            for code, department in document.departments.items()
        ),
        (
            Unit(
                code=code,
                name=unit.name,
                department=department_code,
                email=unit.email,
                valid_from=unit.valid_from,
                valid_until=unit.valid_until,
                successor=unit.successor,
            )
            for department_code, department in document.departments.items()
            for code, unit in department.units.items()
        ),
    )


def compile_rules(document: RoutingDocument) -> Rule:
    """The root with all rules below it."""
    return root_rule(document.unit, _rules(document.rules, "$"))


def _rules(documents: tuple[RuleDocument, ...], path: str) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            name=document.name,
            path=f"{path}.rules[{at}]",
            condition=document.when.condition(),
            unit=document.unit,
            rules=_rules(document.rules, f"{path}.rules[{at}]"),
        )
        for at, document in enumerate(documents)
    )
