"""Units and departments over the years."""

from datetime import date

import pytest

from kernel.errors import NotFound
from kernel.text import LocalizedText
from routing.departments import Department, Organisation, Unit


def unit(code: str, department: str = "uusi", until: str | None = None, successor: str | None = None) -> Unit:
    return Unit(
        code=code,
        name=LocalizedText(fi=code),
        department=department,
        valid_until=date.fromisoformat(until) if until else None,
        successor=successor,
    )


ORGANISATION = Organisation(
    [
        Department(
            code="vanha",
            name=LocalizedText(fi="Vanha"),
            valid_until=date(2024, 12, 31),
            successor="uusi",
        ),
        Department(code="uusi", name=LocalizedText(fi="Uusi"), valid_from=date(2025, 1, 1)),
    ],
    [
        unit("a", "vanha", "2024-12-31", "b"),
        unit("b", "uusi", "2025-12-31", "c"),
        unit("c"),
        unit("d", "vanha"),
    ],
)


@pytest.mark.parametrize(
    ("code", "on", "expected"),
    [
        ("a", "2024-12-31", ("a", "vanha")),
        ("a", "2025-01-01", ("b", "uusi")),
        ("a", "2025-12-31", ("b", "uusi")),
        ("a", "2026-01-01", ("c", "uusi")),
        ("b", "2024-06-01", ("b", "uusi")),
        ("c", "2030-01-01", ("c", "uusi")),
        ("d", "2024-06-01", ("d", "vanha")),
        ("d", "2025-06-01", ("d", "uusi")),
    ],
)
def test_a_unit_s_matters_follow_its_successors_to_the_day(code: str, on: str, expected: tuple[str, str]) -> None:
    found = ORGANISATION.resolve(code, date.fromisoformat(on))
    assert (found.unit.code, found.department.code) == expected


def test_each_succession_is_told() -> None:
    assert ORGANISATION.resolve("a", date(2026, 1, 1)).steps == (
        "a ended 2024-12-31, followed by b",
        "b ended 2025-12-31, followed by c",
    )
    assert ORGANISATION.resolve("c", date(2026, 1, 1)).steps == ()


def test_a_unit_is_valid_on_its_last_day_and_not_after() -> None:
    b = ORGANISATION.get_unit("b")
    assert b.is_valid_on(date(2025, 12, 31))
    assert not b.is_valid_on(date(2026, 1, 1))
    assert not ORGANISATION.get_department("uusi").is_valid_on(date(2024, 12, 31))


def test_what_does_not_exist_is_not_found() -> None:
    assert ORGANISATION.find_unit("x") is None
    assert ORGANISATION.find_department("x") is None
    with pytest.raises(NotFound, match="unknown_unit"):
        ORGANISATION.get_unit("x")
    with pytest.raises(NotFound, match="unknown_department"):
        ORGANISATION.get_department("x")
    with pytest.raises(NotFound, match="unknown_unit"):
        ORGANISATION.resolve("x", date(2026, 1, 1))
