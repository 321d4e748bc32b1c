"""The tree decides by a table of feedbacks, and says why."""

from datetime import date, datetime
from typing import TypeVar

import pytest

from kernel.errors import NotFound
from kernel.yaml import Problems, convert, parse_document
from routing.config import RoutedCategory, RoutingConfig, compile_routing
from routing.documents import DepartmentsDocument, RedirectsDocument, RoutingDocument
from routing.explain import explain

DEPARTMENTS = """
departments:
  kadut:
    name: {fi: Kadut, sv: Gator, en: Streets}
    units:
      kunnossapito: {name: {fi: Kunnossapito, sv: Underhåll, en: Maintenance}}
      pohjoinen: {name: {fi: Pohjoinen, sv: Norra, en: North}}
      vanha: {name: {fi: Vanha, sv: Gamla, en: Old}, valid_until: 2025-12-31, successor: kunnossapito}
      paivystys: {name: {fi: Päivystys, sv: Jour, en: On call}}
  muut:
    name: {fi: Muut, sv: Övriga, en: Others}
    units:
      kirjasto: {name: {fi: Kirjasto, sv: Bibliotek, en: Library}}
      neuvonta: {name: {fi: Neuvonta, sv: Rådgivning, en: Advice}}
"""
ROUTING = """
unit: neuvonta
areas:
  pohjoinen:
    name: {fi: Pohjoinen, sv: Norra, en: North}
    polygon: [[25.0, 61.0], [26.0, 61.0], [26.0, 62.0], [25.0, 62.0], [25.0, 61.0]]
rules:
  - name: Pohjoisen talvi
    when: {group: talvi, area: pohjoinen}
    unit: pohjoinen
    rules:
      - name: Yöllä
        when: {time: {from: 22:00, until: 06:00}}
        unit: paivystys
  - name: Muu sanoillaan
    when: {category: muu}
    by_category: true
    rules:
      - name: Kirja
        when: {words: kirja}
        unit: kirjasto
      - name: Kirja tai lumi
        when: {words: [kirja, lumi]}
        unit: kunnossapito
  - name: Aiheen oma
    when: {not: {category: hukassa}}
    by_category: true
"""
REDIRECTS = """
redirects:
  bussit:
    name: {fi: Bussit, sv: Bussar, en: Buses}
    to: {fi: Muu, sv: Annan, en: Other}
    text: {fi: Kysy, sv: Fråga, en: Ask}
    url: https://bussit.example
    when: {words: bussi}
  hata:
    name: {fi: Hätä, sv: Nöd, en: Emergency}
    to: {fi: Hätäkeskus, sv: Nödcentralen, en: Emergency services}
    text: {fi: Soita, sv: Ring, en: Call}
    phone: 040 123
    urgent: true
  kadut:
    name: {fi: Valtion tiet, sv: Statens vägar, en: State roads}
    to: {fi: Valtio, sv: Staten, en: The state}
    text: {fi: Kerro heille, sv: Berätta för dem, en: Tell them}
    when: {group: talvi, kind: fault}
"""
CATEGORIES = tuple(
    RoutedCategory(code=code, groups=groups, unit=unit, kinds=("fault", "thanks"))
    for code, groups, unit in (
        ("auraus", ("kadut", "talvi"), "kunnossapito"),
        ("kuopat", ("kadut",), "vanha"),
        ("muu", ("muut",), "neuvonta"),
        ("hukassa", ("muut",), "kirjasto"),
    )
)


T = TypeVar("T")


def read(text: str, type_: type[T]) -> T:
    problems = Problems()
    document = parse_document(text, "file.yaml", problems)
    assert document is not None
    result = convert(document, type_, problems)
    assert result is not None, problems.all()
    return result


@pytest.fixture(scope="module")
def routing() -> RoutingConfig:
    return compile_routing(
        read(DEPARTMENTS, DepartmentsDocument),
        read(ROUTING, RoutingDocument),
        read(REDIRECTS, RedirectsDocument),
        CATEGORIES,
    )


NORTH, SOUTH = (61.5, 25.5), (60.5, 25.5)
NOON = "2026-01-12T12:00"


@pytest.mark.parametrize(
    ("category", "place", "text", "at", "unit"),
    [
        ("auraus", NORTH, "", NOON, "pohjoinen"),
        ("auraus", SOUTH, "", NOON, "kunnossapito"),
        ("auraus", None, "", NOON, "kunnossapito"),
        ("kuopat", NORTH, "", NOON, "kunnossapito"),
        # A rule below a rule goes first; without one that holds, the rule itself answers.
        ("auraus", NORTH, "", "2026-01-12T23:00", "paivystys"),
        ("auraus", SOUTH, "", "2026-01-12T23:00", "kunnossapito"),
        # First match wins, also among the rules below.
        ("muu", None, "kirja lumessa", NOON, "kirjasto"),
        ("muu", None, "lumi kirjastossa", NOON, "kirjasto"),
        ("muu", None, "lumi", NOON, "kunnossapito"),
        ("muu", None, "jotain", NOON, "neuvonta"),
        # What no rule takes, the root does.
        ("hukassa", None, "", NOON, "neuvonta"),
        # A former unit's matters go to its successor, from the day after its last.
        ("kuopat", None, "", "2025-12-31T23:59", "vanha"),
        ("kuopat", None, "", "2026-01-01T00:00", "kunnossapito"),
    ],
)
def test_the_first_rule_that_holds_decides(
    routing: RoutingConfig, category: str, place: tuple[float, float] | None, text: str, at: str, unit: str
) -> None:
    lat, lon = place or (None, None)
    for kind in ("fault", "thanks"):
        facts = routing.facts(
            at=datetime.fromisoformat(at), kind=kind, category=category, lat=lat, lon=lon, text=text
        )  # fmt: skip
        assert routing.route(facts).unit == unit


def test_a_decision_names_department_and_path(routing: RoutingConfig) -> None:
    facts = routing.facts(at=datetime.fromisoformat(NOON), kind="fault", category="muu", text="Lumi!")
    decision = routing.route(facts)
    assert decision.department == "kadut"
    assert [(step.path, step.rule, step.passed) for step in decision.path] == [
        ("$", "root", ()),
        ("$.rules[1]", "Muu sanoillaan", ("Pohjoisen talvi",)),
        ("$.rules[1].rules[1]", "Kirja tai lumi", ("Kirja",)),
    ]
    assert decision.lines() == [
        "$ root: always",
        "$.rules[1] Muu sanoillaan: category is muu",
        "$.rules[1].rules[1] Kirja tai lumi: a word begins with kirja or lumi",
        "unit kunnossapito",
        "→ kunnossapito (kadut)",
    ]


def test_a_decision_by_category_and_succession_says_so(routing: RoutingConfig) -> None:
    facts = routing.facts(at=datetime.fromisoformat(NOON), kind="fault", category="kuopat")
    assert routing.route(facts).lines()[-3:] == [
        "category kuopat belongs to vanha",
        "vanha ended 2025-12-31, followed by kunnossapito",
        "→ kunnossapito (kadut)",
    ]


def test_an_import_from_the_past_goes_to_those_who_are_there_today(routing: RoutingConfig) -> None:
    facts = routing.facts(at=datetime.fromisoformat("2020-05-05T12:00"), kind="fault", category="kuopat")
    assert routing.route(facts).unit == "vanha"
    assert routing.route(facts, date(2026, 5, 5)).unit == "kunnossapito"


def test_a_category_of_another_municipality_is_not_found(routing: RoutingConfig) -> None:
    with pytest.raises(NotFound, match="unknown_category"):
        routing.route(routing.facts(at=datetime.fromisoformat(NOON), kind="fault", category="latu"))


def test_urgent_redirects_come_first_and_those_with_a_condition_wait_for_it(routing: RoutingConfig) -> None:
    assert [redirect.code for redirect in routing.redirects.all] == ["hata", "bussit", "kadut"]
    assert [redirect.code for redirect in routing.redirects.always()] == ["hata"]
    noon = datetime.fromisoformat(NOON)
    assert routing.find_redirects(routing.facts(at=noon)) == ()
    found = routing.find_redirects(routing.facts(at=noon, text="Bussit ovat myöhässä"))
    assert [(redirect.code, redirect.href) for redirect in found] == [("bussit", "https://bussit.example")]
    found = routing.find_redirects(routing.facts(at=noon, kind="fault", category="auraus"))
    assert [redirect.code for redirect in found] == ["kadut"]
    assert routing.redirects.all[0].href == "tel:040123"
    assert routing.redirects.all[2].href is None


def test_an_explanation_shows_every_rule_that_was_tried(routing: RoutingConfig) -> None:
    at = datetime.fromisoformat(NOON)
    explanation = explain(routing, kind="fault", category="auraus", lat=61.5, lon=25.5, text="bussi jumissa", at=at)
    assert explanation.lines("sv") == [
        "areas: pohjoinen",
        "✓ $ root: always",
        "  ✓ $.rules[0] Pohjoisen talvi: group is talvi and place is in pohjoinen",
        "    · $.rules[0].rules[0] Yöllä: arrived mon, tue, wed, thu, fri, sat, sun 22:00-06:00",
        "unit pohjoinen",
        "→ pohjoinen: Norra (Gator)",
        "the resident is shown the redirect bussit",
        "the resident is shown the redirect kadut",
    ]
    plain = explanation.as_dict()
    assert plain["areas"] == ["pohjoinen"]
    assert plain["unit_name"] == {"fi": "Pohjoinen", "sv": "Norra", "en": "North"}


@pytest.mark.parametrize(("kind", "category", "code"), [("praise", "muu", "kind"), ("fault", "latu", "category")])
def test_an_explanation_refuses_what_does_not_exist(
    routing: RoutingConfig, kind: str, category: str, code: str
) -> None:
    with pytest.raises(NotFound, match=f"unknown_{code}"):
        explain(routing, kind=kind, category=category, at=datetime.fromisoformat(NOON))
