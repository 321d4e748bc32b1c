"""The tree of topics: lookups, order, and what the public sees of it."""

from datetime import date

import msgspec
import pytest

from feedback.categories import CategoryTree
from feedback.config import compile_categories, routed_categories
from feedback.documents import CategoriesDocument
from kernel.errors import NotFound
from kernel.yaml import Problems, convert, parse_document

OFFERED = ("thanks", "question", "fault")
WRITTEN = """
categories:
  ulkona:
    name: {fi: Ulkona, sv: Ute, en: Outdoors}
    children:
      kadut:
        name: {fi: Kadut, sv: Gator, en: Streets}
        children:
          lumi: {name: {fi: Lumi, sv: Snö, en: Snow}, unit: k, answer_working_days: 2, location: required, keywords: [aura]}
          kuopat: {name: {fi: Kuopat}, unit: k, answer_working_days: 5, location: required, valid_until: 2025-12-31, successor: lumi}
      puut: {name: {fi: Puut, sv: Träd, en: Trees}, unit: p, answer_working_days: 10, location: optional, kinds: [fault, thanks]}
  sisalla:
    name: {fi: Sisällä, sv: Inne, en: Indoors}
    children:
      tyo: {name: {fi: Työ, sv: Arbete, en: Work}, unit: t, answer_working_days: 5, max_calendar_days: 14, location: none, publish: never, valid_from: 2026-06-01}
"""  # noqa: E501 - a category a line


@pytest.fixture(scope="module")
def tree() -> CategoryTree:
    problems = Problems()
    document = parse_document(WRITTEN, "categories.yaml", problems)
    assert document is not None
    written = convert(document, CategoriesDocument, problems)
    assert written is not None, problems.all()
    return compile_categories(written, OFFERED)


def test_a_category_is_found_by_its_code_and_a_heading_is_not(tree: CategoryTree) -> None:
    assert tree.get("lumi").name.in_language("sv") == "Snö"
    assert tree.find("kadut") is None
    assert tree.find("hiekka") is None
    with pytest.raises(NotFound, match="unknown_category"):
        tree.get("hiekka")


def test_leaves_keep_the_order_of_the_file(tree: CategoryTree) -> None:
    assert [category.code for category in tree.leaves()] == ["lumi", "kuopat", "puut", "tyo"]
    assert [category.code for category in tree.groups[0].leaves()] == ["lumi", "kuopat", "puut"]


def test_a_category_knows_its_headings_from_the_outside_in(tree: CategoryTree) -> None:
    assert [(category.code, category.groups) for category in routed_categories(tree)] == [
        ("lumi", ("ulkona", "kadut")),
        ("kuopat", ("ulkona", "kadut")),
        ("puut", ("ulkona",)),
        ("tyo", ("sisalla",)),
    ]


def test_a_category_takes_all_kinds_that_are_offered_unless_it_names_some(tree: CategoryTree) -> None:
    assert tree.get("lumi").kinds == OFFERED
    assert tree.get("puut").kinds == ("thanks", "fault")


def test_a_category_may_be_chosen_from_its_first_to_its_last_day(tree: CategoryTree) -> None:
    assert tree.get("kuopat").is_valid_on(date(2025, 12, 31))
    assert not tree.get("kuopat").is_valid_on(date(2026, 1, 1))
    assert not tree.get("tyo").is_valid_on(date(2026, 5, 31))
    assert tree.get("tyo").is_valid_on(date(2026, 6, 1))


def test_the_public_tree_holds_what_may_be_chosen_that_day(tree: CategoryTree) -> None:
    assert msgspec.json.decode(msgspec.json.encode(tree.public(date(2026, 1, 1)))) == [
        {
            "code": "ulkona",
            "name": {"fi": "Ulkona", "sv": "Ute", "en": "Outdoors"},
            "children": [
                {
                    "code": "kadut",
                    "name": {"fi": "Kadut", "sv": "Gator", "en": "Streets"},
                    "children": [
                        {
                            "code": "lumi",
                            "name": {"fi": "Lumi", "sv": "Snö", "en": "Snow"},
                            "location": "required",
                            "kinds": ["thanks", "question", "fault"],
                            "answer_working_days": 2,
                            "publish": "normal",
                        }
                    ],
                },
                {
                    "code": "puut",
                    "name": {"fi": "Puut", "sv": "Träd", "en": "Trees"},
                    "location": "optional",
                    "kinds": ["thanks", "fault"],
                    "answer_working_days": 10,
                    "publish": "normal",
                },
            ],
        }
    ]


def test_a_text_missing_in_a_language_falls_back(tree: CategoryTree) -> None:
    shown = tree.public(date(2025, 1, 1))[0].children[0].children[1]
    assert (shown.code, shown.name) == ("kuopat", {"fi": "Kuopat", "sv": "Kuopat", "en": "Kuopat"})
