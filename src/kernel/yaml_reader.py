"""One half of the strict loader: YAML text → plain data with the line of every path.

Read as YAML 1.2 does it, and narrower: `no`, `on` and `16:00` are texts; a number with a leading zero is a text;
duplicate keys, anchors, aliases, tags and second documents are refused.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
import yaml

from kernel.errors import ConfigError, Problem

FILE_BYTES_MAX = 2_000_000
DEPTH_MAX = 40
"""Deeper than any configuration; a file of brackets must not exhaust the stack."""

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None

# YAML 1.2.2 §10.3.2, without octal, hexadecimal, infinity and NaN. 15 digits pass a float unharmed.
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})?\.[0-9]{1,15}([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class Fault(msgspec.Struct, frozen=True):
    """What a struct finds wrong with itself, for `SelfChecking`."""

    path: str
    """Below the struct: `.valid_until`, or empty for the whole."""
    what: str
    remedy: str


@runtime_checkable
class SelfChecking(Protocol):
    """A struct whose fields must agree with each other."""

    def faults(self) -> Iterable[Fault]:
        """What is wrong with it, if anything."""


class Document:
    """One file: its plain data, and the line of every `$.path` in it."""

    def __init__(self, file: str, data: Plain, lines: dict[str, int]) -> None:
        self.file = file
        self.data = data
        self._lines = lines

    def line(self, path: str) -> int:
        """Line of a path; of its nearest ancestor that is written, when it is not."""
        while path not in self._lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))] or "$"
        return self._lines.get(path, 1)

    def problem(self, path: str, what: str, remedy: str) -> Problem:
        """A problem at this path."""
        return Problem(file=self.file, line=self.line(path), path=path, what=what, remedy=remedy)


class Problems:
    """Collects what is wrong, over files and sections, until there is nothing more to check."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []

    def add(self, document: Document, path: str, what: str, remedy: str) -> None:
        """Note a problem at a path of a document."""
        self._problems.append(document.problem(path, what, remedy))

    def extend(self, problems: Iterable[Problem]) -> None:
        """Note problems found elsewhere."""
        self._problems.extend(problems)

    def __len__(self) -> int:
        return len(self._problems)

    def all(self) -> tuple[Problem, ...]:
        """By file and line, without repetitions."""
        return tuple(sorted(dict.fromkeys(self._problems), key=lambda problem: (problem.file, problem.line)))

    def raise_if_any(self) -> None:
        """Raise ConfigError with everything noted."""
        if self._problems:
            raise ConfigError(self.all())


def load_document(path: Path, problems: Problems, *, name: str | None = None) -> Document | None:
    """Read a file; None when it cannot be understood at all. `name` is what problems call it, else its path."""
    name = name or str(path)
    empty = Document(name, None, {})
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.add(empty, "$", f"cannot be read ({error.strerror})", "put the file in its place, readable")
        return None
    if len(content) > FILE_BYTES_MAX:
        problems.add(empty, "$", f"is {len(content)} bytes long", f"keep it under {FILE_BYTES_MAX} bytes")
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.add(Document(name, None, {"$": line}), "$", "is not UTF-8", "save the file as UTF-8")
        return None
    return parse_document(text, name, problems)


def parse_document(text: str, name: str, problems: Problems) -> Document | None:
    """The document written in a text; None when it cannot be understood at all."""
    composer = _Composer(text, name, problems)
    try:
        data = composer.compose()
    except _TooDeep as error:
        broken = Document(name, None, {"$": error.line})
        problems.add(broken, "$", f"is nested deeper than {DEPTH_MAX}", "look for brackets that are not closed")
        return None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        broken = Document(name, None, {"$": mark.line + 1 if mark else 1})
        what = f"is no YAML ({error.problem or error.context})"
        problems.add(broken, "$", what, "look for indentation, a missing colon or quotes on this line or just above")
        return None
    except yaml.YAMLError as error:  # characters that YAML does not allow
        problems.add(Document(name, None, {}), "$", f"is no YAML ({error})".replace("\n", " "), "remove them")
        return None
    return Document(name, data, composer.lines)


def join(path: str, key: str | int) -> str:
    """The path of a child: `$.rules[0]`, `$.areas.pohjoinen`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if re.fullmatch(r"[\w-]+", key) else f"{path}[{key!r}]"


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class _Composer:
    """Events of the parser → plain data and lines. Goes on after a fault, to find the next."""

    def __init__(self, text: str, name: str, problems: Problems) -> None:
        self._events = yaml.parse(text, Loader=_Loader)
        self._name = name
        self._problems = problems
        self.lines: dict[str, int] = {}

    def compose(self) -> Plain:
        next(self._events)  # stream start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return None
        data = self._node(next(self._events), "$", 0)
        next(self._events)  # document end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._fault(after, "$", "a second document begins here", "keep one document in a file")
        return data

    def _fault(self, event: yaml.Event, path: str, what: str, remedy: str) -> None:
        self._problems.add(Document(self._name, None, {path: _line(event)}), path, what, remedy)

    def _node(self, event: yaml.Event, path: str, depth: int) -> Plain:
        self.lines.setdefault(path, _line(event))
        if isinstance(event, yaml.AliasEvent):
            self._fault(event, path, f"`*{event.anchor}` repeats another part of the file", "write it out here")
            return None
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            self._fault(event, path, f"`&{anchor}` names a part to be repeated", "remove the anchor")
        if tag is not None:
            self._fault(event, path, f"`{tag}` is a YAML tag", "remove the tag; put texts in quotes")
        if depth > DEPTH_MAX:
            raise _TooDeep(_line(event))
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] and event.style in (None, "") else str(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return self._mapping(path, depth)

    def _sequence(self, path: str, depth: int) -> Plain:
        items: list[Plain] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, join(path, len(items)), depth + 1))
        return items

    def _mapping(self, path: str, depth: int) -> Plain:
        items: dict[str, Plain] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, path, depth)
            child = join(path, key)
            first = self.lines.get(child)
            if first is None:
                self.lines[child] = _line(event)
            value = self._node(next(self._events), child, depth + 1)
            if key in items:
                self._fault(event, child, f"`{key}` is written twice, first on line {first}", "keep one of them")
            else:
                items[key] = value
        return items

    def _key(self, event: yaml.Event, path: str, depth: int) -> str:
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value)
        self._fault(event, path, "a key is a list or a mapping", "write a key as a plain word")
        self._node(event, join(path, "?"), depth + 1)
        return "?"


def _scalar(value: str) -> Plain:
    if value in _WORDS:
        return _WORDS[value]
    if _INT.fullmatch(value):
        return int(value)
    return float(value) if _FLOAT.fullmatch(value) else value


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
