"""Everything that can go wrong on purpose, in one tree.

    AppError
    ├─ DomainError            expected; shown to the caller; logged at info
    │  ├─ NotFound        404    also when it exists in another tenant or may not be seen
    │  ├─ NotAllowed      403
    │  ├─ NotAuthenticated 401
    │  ├─ Conflict        409
    │  ├─ Invalid         422    problems: what is wrong with which field
    │  ├─ Gone            410
    │  └─ TooMany         429
    ├─ OutsideError           an outside system, or our own database
    │  ├─ Temporary              try again later
    │  ├─ Refused                do not try again
    │  └─ Duplicate              it has it already, under `original`
    └─ ConfigError            at start or check only: every problem at once

Anything else is a bug. Errors carry a stable `code` and the fields that explain it; the words people read are made by
the renderers (`app.errors`), in their language.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

Value = str | int | float | None


class AppError(Exception):
    """Base of all. `code` is stable and part of the interfaces."""

    def __init__(self, code: str, **fields: Value) -> None:
        self.code = code
        self.fields: Mapping[str, Value] = MappingProxyType(fields)
        super().__init__(code, dict(fields))

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value!r}" for name, value in self.fields.items())
        return f"{self.code}({details})" if details else self.code


class DomainError(AppError):
    """Something the caller did or asked for that cannot be; expected."""


class NotFound(DomainError):
    """It does not exist, is another tenant's, or may not be seen: from outside these are the same."""


class NotAllowed(DomainError):
    """The actor is known and may not do it."""


class NotAuthenticated(DomainError):
    """Nobody is signed in, and somebody must be."""


class Conflict(DomainError):
    """It clashes with how things stand now; look again and repeat."""


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field of an input."""

    path: str
    """Name of the field as the caller sent it: `text`, `location.lat`."""
    code: str
    params: dict[str, str | int | float] = {}


class Invalid(DomainError):
    """Well-formed, but not acceptable."""

    def __init__(self, *problems: FieldProblem) -> None:
        self.problems = problems
        super().__init__("invalid", fields=", ".join(f"{problem.path}: {problem.code}" for problem in problems))


class Gone(DomainError):
    """It was here and is no more."""


class TooMany(DomainError):
    """Too often within the window."""

    def __init__(self, code: str, *, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(code, retry_after_seconds=retry_after_seconds)


class OutsideError(AppError):
    """An outside system failed us."""


class Temporary(OutsideError):
    """It may work later."""


class Refused(OutsideError):
    """It will not work by trying again."""


class Duplicate(OutsideError):
    """The system has it already."""

    def __init__(self, code: str, *, original: str) -> None:
        self.original = original
        super().__init__(code, original=original)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One fault of a configuration: where, what, and what to do about it."""

    file: str
    line: int
    """From 1; 0 where a line makes no sense (an environment variable)."""
    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}: {self.what}: {self.remedy}"


class ConfigError(AppError):
    """The configuration cannot be used; every problem found is here."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("config_refused", problems=len(problems))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)
