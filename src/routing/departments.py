"""Departments and their units, as they are renamed and merged over the years; nothing is ever deleted."""

from collections.abc import Iterable
from datetime import date

import msgspec

from kernel.errors import NotFound
from kernel.text import LocalizedText


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the municipality's organisation that holds units."""

    code: str
    name: LocalizedText
    valid_from: date | None = None
    valid_until: date | None = None
    """Last day."""
    successor: str | None = None
    """Department that has its matters afterwards."""

    def is_valid_on(self, on: date) -> bool:
        """Whether it exists on this day."""
        return _is_valid(self.valid_from, self.valid_until, on)


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """Who receives feedback: some people of one department."""

    code: str
    name: LocalizedText
    department: str
    email: str | None = None
    """The unit's own mailbox, told of new feedback; None: only its people are."""
    valid_from: date | None = None
    valid_until: date | None = None
    """Last day."""
    successor: str | None = None
    """Unit that has its matters afterwards, open feedback too."""

    def is_valid_on(self, on: date) -> bool:
        """Whether it exists on this day."""
        return _is_valid(self.valid_from, self.valid_until, on)


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Who has a unit's matters on a day."""

    unit: Unit
    department: Department
    steps: tuple[str, ...]
    """`a ended 2025-12-31, followed by b`, for each successor on the way."""


class Organisation:
    """All departments and units, former ones too, in the order of the file."""

    def __init__(self, departments: Iterable[Department], units: Iterable[Unit]) -> None:
        self.departments = tuple(departments)
        self.units = tuple(units)
        self._departments = {department.code: department for department in self.departments}
        self._units = {unit.code: unit for unit in self.units}

    def find_unit(self, code: str) -> Unit | None:
        """The unit with this code."""
        return self._units.get(code)

    def get_unit(self, code: str) -> Unit:
        """The unit with this code. Raises NotFound."""
        unit = self._units.get(code)
        if unit is None:
            raise NotFound("unknown_unit", unit=code)
        return unit

    def find_department(self, code: str) -> Department | None:
        """The department with this code."""
        return self._departments.get(code)

    def get_department(self, code: str) -> Department:
        """The department with this code. Raises NotFound."""
        department = self._departments.get(code)
        if department is None:
            raise NotFound("unknown_department", department=code)
        return department

    def resolve(self, unit_code: str, on: date) -> Resolution:
        """Follow successors to the unit and department that exist on this day. Raises NotFound.

        Circles and dead ends are refused when the files are read, so the way ends. Before its first day a unit stands
        for itself: nobody else could answer.
        """
        unit = self.get_unit(unit_code)
        steps: list[str] = []
        while _has_ended(unit, on) and unit.successor is not None:
            steps.append(f"{unit.code} ended {unit.valid_until}, followed by {unit.successor}")
            unit = self.get_unit(unit.successor)
        department = self.get_department(unit.department)
        while _has_ended(department, on) and department.successor is not None:
            steps.append(f"{department.code} ended {department.valid_until}, followed by {department.successor}")
            department = self.get_department(department.successor)
        return Resolution(unit=unit, department=department, steps=tuple(steps))


def _is_valid(valid_from: date | None, valid_until: date | None, on: date) -> bool:
    return (valid_from is None or valid_from <= on) and (valid_until is None or on <= valid_until)


def _has_ended(part: Department | Unit, on: date) -> bool:
    return part.valid_until is not None and part.valid_until < on
