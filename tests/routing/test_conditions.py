"""Each kind of condition by a table of examples."""

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.conditions import (
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
    Words,
)
from routing.facts import Case, RoutingFacts, fold

MONDAY_NOON = datetime(2026, 1, 12, 12, 0)  # noqa: DTZ001 - the municipality's own time


def facts(
    *,
    kind: str = "fault",
    category: str = "auraus",
    groups: tuple[str, ...] = ("talvi", "kadut"),
    areas: frozenset[str] = frozenset({"pohjoinen"}),
    language: str = "fi",
    text: str = "",
    at: str = "2026-01-12T12:00",
    answers: dict[str, str] | None = None,
) -> RoutingFacts:
    return RoutingFacts(
        kind=kind,
        category=category,
        groups=groups,
        areas=areas,
        language=language,
        text=fold(text),
        arrived_at=datetime.fromisoformat(at),
        answers=answers or {},
    )


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Kind(("thanks", "fault")), True),
        (Kind(("thanks",)), False),
        (Category(("auraus",)), True),
        (Category(("talvi",)), False),
        (Group(("talvi",)), True),
        (Group(("kadut",)), True),
        (Group(("auraus",)), False),
        (InArea(("eteläinen", "pohjoinen")), True),
        (InArea(("eteläinen",)), False),
        (Language(("fi",)), True),
        (Language(("sv",)), False),
        (Answer("pinta", ("jää", "lumi")), False),
        (All(), True),
        (All((Kind(("fault",)), Language(("fi",)))), True),
        (All((Kind(("fault",)), Language(("sv",)))), False),
        (AnyOf((Kind(("thanks",)), Language(("fi",)))), True),
        (AnyOf((Kind(("thanks",)), Language(("sv",)))), False),
        (Not(Kind(("thanks",))), True),
        (Not(Kind(("fault",))), False),
    ],
)
def test_a_condition_looks_at_its_own_fact(condition: Condition, *, holds: bool) -> None:
    assert condition.holds(facts()) is holds


@pytest.mark.parametrize(
    ("stems", "text", "holds"),
    [
        (("aura",), "Tie on auraamatta", True),
        (("aura",), "AURATKAA TIE", True),
        (("aura",), "tie on siis auraamatta!", True),
        (("aura",), "Lumiaura jätti vallin", False),
        (("aura",), "lumi-aura jätti vallin", True),
        (("äiti",), "ÄITINI kaatui", True),
        (("kevyen liiken",), "Kevyen\n  liikenteen väylä", True),
        (("kevyen liiken",), "kevyen väylän liikenne", False),
        (("straße",), "STRASSE", True),
        (("c++",), "c++ on kieli", True),
        (("a.b",), "axb", False),
        (("aura", "lumi"), "lumi peittää", True),
        (("aura",), "", False),
        (("2",), "klo 20", True),
    ],
)
def test_words_are_met_by_their_beginning_whatever_the_case(stems: tuple[str, ...], text: str, *, holds: bool) -> None:
    assert Words(tuple(fold(stem) for stem in stems)).holds(facts(text=text)) is holds


OFFICE = Time(("mon", "tue", "wed", "thu", "fri"), time(8), time(16))
NIGHT = Time(("fri",), time(22), time(6))


@pytest.mark.parametrize(
    ("condition", "at", "holds"),
    [
        (OFFICE, "2026-01-12T08:00", True),
        (OFFICE, "2026-01-12T07:59", False),
        (OFFICE, "2026-01-12T15:59", True),
        (OFFICE, "2026-01-12T16:00", False),
        (OFFICE, "2026-01-17T12:00", False),
        (NIGHT, "2026-01-16T21:59", False),
        (NIGHT, "2026-01-16T22:00", True),
        (NIGHT, "2026-01-17T05:59", True),
        (NIGHT, "2026-01-17T06:00", False),
        (NIGHT, "2026-01-16T05:00", False),
        (NIGHT, "2026-01-17T23:00", False),
        (Time(("sun",), time(22), time(6)), "2026-01-12T05:00", True),
        (Time(("sat",)), "2026-01-17T00:00", True),
        (Time(("sat",)), "2026-01-17T23:59", True),
        (Time(("sat",)), "2026-01-18T00:00", False),
        (Time(("fri",), time(16)), "2026-01-16T23:59", True),
        (Time(("fri",), time(16)), "2026-01-17T00:00", False),
    ],
)
def test_hours_count_from_their_beginning_until_before_their_end(condition: Time, at: str, *, holds: bool) -> None:
    assert condition.holds(facts(at=at)) is holds


def test_an_answer_to_an_extra_question_counts_when_it_is_one_of_the_values() -> None:
    condition = Answer("pinta", ("jää", "lumi"))
    assert condition.holds(facts(answers={"pinta": "jää"}))
    assert not condition.holds(facts(answers={"pinta": "hiekka"}))


@pytest.mark.parametrize(
    "condition",
    [
        Kind(("a",)), Category(("a",)), Group(("a",)), InArea(("a",)), Language(("a",)), Words(("a",)),
        Answer("a", ("a",)),
    ],
)  # fmt: skip
def test_nothing_holds_of_what_is_not_known(condition: Condition) -> None:
    assert not condition.holds(RoutingFacts(arrived_at=MONDAY_NOON))


@pytest.mark.parametrize(
    ("condition", "described"),
    [
        (Kind(("thanks", "fault")), "kind is thanks or fault"),
        (InArea(("pohjoinen",)), "place is in pohjoinen"),
        (Words(("aura", "lumi")), "a word begins with aura or lumi"),
        (NIGHT, "arrived fri 22:00-06:00"),
        (All(), "always"),
        (All((Kind(("fault",)), Not(Language(("sv",))))), "kind is fault and not (language is sv)"),
        (AnyOf((Group(("kadut",)), Category(("muu",)))), "(group is kadut or category is muu)"),
        (Answer("pinta", ("jää",)), "answer to pinta is jää"),
    ],
)
def test_a_condition_describes_itself(condition: Condition, described: str) -> None:
    assert condition.describe() == described


CODES = ("a", "b")
leaves = st.one_of(
    st.builds(Kind, st.sampled_from([("a",), ("b",), CODES])),
    st.builds(Category, st.sampled_from([("a",), ("b",)])),
    st.builds(Group, st.sampled_from([("a",), ("b",)])),
    st.builds(Language, st.sampled_from([("a",), ("b",)])),
    st.builds(InArea, st.just(("a",))),
    st.builds(Words, st.just(("a",))),
    st.builds(Time, st.just(("mon",))),
    st.builds(Answer, st.just("a"), st.just(("a",))),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)
code = st.sampled_from(CODES)


@given(conditions, code, code, code, code, st.booleans(), st.sampled_from(["a", "x"]))
def test_a_verdict_before_any_feedback_is_never_wrong(
    condition: Condition, kind: str, category: str, group: str, language: str, in_area: bool, text: str  # noqa: FBT001 - hypothesis
) -> None:  # fmt: skip
    verdict = condition.verdict(Case(kind=kind, category=category, groups=(group,), language=language))
    holds = condition.holds(
        facts(
            kind=kind,
            category=category,
            groups=(group,),
            language=language,
            areas=frozenset({"a"} if in_area else ()),
            text=text,
        )
    )
    assert verdict in {holds, None}
