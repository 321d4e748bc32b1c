"""The other half of the strict loader: plain data → the types of the structs, gathering every fault."""

import difflib
import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, ClassVar, TypeVar

import msgspec
from msgspec import inspect

from kernel.yaml_reader import Document, Plain, Problems, SelfChecking, join

T = TypeVar("T")

_WRONG = object()
"""Stands for a value that could not be converted; its problem has been noted."""


class Converter:
    """Converts one document."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._problems = problems

    def convert(self, type_: type[T]) -> T | None:
        """The whole document as this type; None when it could not be built."""
        result: Any = self._any(self._document.data, inspect.type_info(type_), "$")
        return None if result is _WRONG else result

    def _fault(self, path: str, what: str, remedy: str) -> Any:
        self._problems.add(self._document, path, what, remedy)
        return _WRONG

    def _any(self, value: Plain, wanted: inspect.Type, path: str) -> Any:
        if isinstance(wanted, inspect.Metadata):
            hint = (wanted.extra_json_schema or {}).get("description")
            if isinstance(wanted.type, inspect.StrType):
                return self._str(value, wanted.type, path, hint)
            return self._any(value, wanted.type, path)
        convert = self._CONVERTERS.get(type(wanted))
        if convert is None:
            raise TypeError(f"configuration structs may not hold a {type(wanted).__name__} ({path})")
        return convert(self, value, wanted, path)

    def _wrong_type(self, value: Plain, wanted: inspect.Type, path: str) -> Any:
        expected, remedy = _describe(wanted)
        if isinstance(wanted, inspect.StrType) and isinstance(value, int | float | bool):
            remedy = f'put it in quotes: "{_written(value)}"'
        return self._fault(path, f"{_name(value)} stands where {expected} is expected", remedy)

    def _str(self, value: Plain, wanted: inspect.StrType, path: str, hint: str | None = None) -> Any:
        if not isinstance(value, str):
            return self._wrong_type(value, wanted, path)
        if wanted.min_length and len(value.strip()) < wanted.min_length:
            return self._fault(path, f"{value!r} is too short", f"write at least {wanted.min_length} characters")
        if wanted.max_length is not None and len(value) > wanted.max_length:
            what = f"is {len(value)} characters long"
            return self._fault(path, what, f"write at most {wanted.max_length} characters")
        if wanted.pattern is not None and not re.fullmatch(wanted.pattern, value):
            return self._fault(path, f"{value!r} has the wrong form", hint or f"it must match {wanted.pattern}")
        return value

    def _int(self, value: Plain, wanted: inspect.IntType, path: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            return self._wrong_type(value, wanted, path)
        return self._within(value, wanted, path)

    def _float(self, value: Plain, wanted: inspect.FloatType, path: str) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return self._wrong_type(value, wanted, path)
        return self._within(float(value), wanted, path)

    def _within(self, value: float, wanted: inspect.IntType | inspect.FloatType, path: str) -> Any:
        if wanted.ge is not None and value < wanted.ge:
            return self._fault(path, f"{value} is too small", f"write {wanted.ge} or more")
        if wanted.le is not None and value > wanted.le:
            return self._fault(path, f"{value} is too large", f"write {wanted.le} or less")
        return value

    def _bool(self, value: Plain, wanted: inspect.BoolType, path: str) -> Any:
        return value if isinstance(value, bool) else self._wrong_type(value, wanted, path)

    def _none(self, value: Plain, wanted: inspect.NoneType, path: str) -> Any:
        return value if value is None else self._wrong_type(value, wanted, path)

    def _literal(self, value: Plain, wanted: inspect.LiteralType, path: str) -> Any:
        known = [str(choice) for choice in wanted.values]
        if isinstance(value, str | int) and not isinstance(value, bool) and value in wanted.values:
            return value
        return self._fault(path, f"{_name(value)} is not one of {', '.join(known)}", _did_you_mean(value, known))

    def _date(self, value: Plain, wanted: inspect.DateType, path: str) -> Any:
        return self._parsed(value, wanted, path, date.fromisoformat, r"\d{4}-\d\d-\d\d")

    def _time(self, value: Plain, wanted: inspect.TimeType, path: str) -> Any:
        return self._parsed(value, wanted, path, time.fromisoformat, r"\d\d:\d\d")

    def _datetime(self, value: Plain, wanted: inspect.DateTimeType, path: str) -> Any:
        return self._parsed(value, wanted, path, datetime.fromisoformat, r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

    def _parsed(self, value: Plain, wanted: inspect.Type, path: str, parse: Callable[[str], object], form: str) -> Any:
        if not isinstance(value, str):
            return self._wrong_type(value, wanted, path)
        expected, remedy = _describe(wanted)
        if not re.fullmatch(form, value):
            return self._fault(path, f"{value!r} stands where {expected} is expected", remedy)
        try:
            return parse(value)
        except ValueError:
            return self._fault(path, f"{value!r} is not {expected} that exists", remedy)

    def _list(self, value: Plain, wanted: inspect.CollectionType, path: str) -> Any:
        if not isinstance(value, list):
            return self._wrong_type(value, wanted, path)
        if wanted.min_length is not None and len(value) < wanted.min_length:
            return self._fault(path, f"holds {len(value)} items", f"list at least {wanted.min_length}")
        items = [self._any(item, wanted.item_type, join(path, index)) for index, item in enumerate(value)]
        if any(item is _WRONG for item in items):
            return _WRONG
        if isinstance(wanted, inspect.FrozenSetType):
            return frozenset(items)
        return tuple(items)

    def _tuple(self, value: Plain, wanted: inspect.TupleType, path: str) -> Any:
        if not isinstance(value, list):
            return self._wrong_type(value, wanted, path)
        if len(value) != len(wanted.item_types):
            return self._fault(path, f"holds {len(value)} items", f"list exactly {len(wanted.item_types)}")
        pairs = zip(value, wanted.item_types, strict=True)
        items = [self._any(item, type_, join(path, index)) for index, (item, type_) in enumerate(pairs)]
        return _WRONG if any(item is _WRONG for item in items) else tuple(items)

    def _dict(self, value: Plain, wanted: inspect.DictType, path: str) -> Any:
        if not isinstance(value, dict):
            return self._wrong_type(value, wanted, path)
        if wanted.min_length is not None and len(value) < wanted.min_length:
            return self._fault(path, f"holds {len(value)} entries", f"write at least {wanted.min_length}")
        result: dict[Any, Any] = {}
        for key, item in value.items():
            child = join(path, key)
            result[self._any(key, wanted.key_type, child)] = self._any(item, wanted.value_type, child)
        return _WRONG if any(_WRONG in pair for pair in result.items()) else result

    def _union(self, value: Plain, wanted: inspect.UnionType, path: str) -> Any:
        if value is None and any(isinstance(choice, inspect.NoneType) for choice in wanted.types):
            return None
        choices = [choice for choice in wanted.types if not isinstance(choice, inspect.NoneType)]
        shape = list if isinstance(value, list) else dict if isinstance(value, dict) else str
        fitting = [choice for choice in choices if _shape(choice) is shape]
        return self._any(value, (fitting or choices)[0], path)

    def _missing(self, path: str, name: str, wanted: inspect.Type) -> Any:
        return self._fault(path, f"`{name}` is missing", f"add `{name}:` with {_describe(wanted)[0]}")

    def _struct(self, value: Plain, wanted: inspect.StructType, path: str) -> Any:
        if not isinstance(value, dict):
            return self._wrong_type(value, wanted, path)
        fields = {field.encode_name: field for field in wanted.fields}
        for key in value:
            if key not in fields:
                self._fault(join(path, key), f"`{key}` is no key here", _did_you_mean(key, list(fields)))
        given: dict[str, Any] = {}
        for name, field in fields.items():
            if name in value:
                given[field.name] = self._any(value[name], field.type, join(path, name))
            elif field.required:
                given[field.name] = self._missing(path, name, field.type)
        if any(item is _WRONG for item in given.values()):
            return _WRONG
        result = wanted.cls(**given)
        if isinstance(result, SelfChecking):
            for fault in result.faults():
                self._fault(path + fault.path, fault.what, fault.remedy)
        return result

    _CONVERTERS: ClassVar[dict[type[inspect.Type], Callable[["Converter", Any, Any, str], Any]]] = {
        inspect.StrType: _str,
        inspect.IntType: _int,
        inspect.FloatType: _float,
        inspect.BoolType: _bool,
        inspect.NoneType: _none,
        inspect.LiteralType: _literal,
        inspect.DateType: _date,
        inspect.TimeType: _time,
        inspect.DateTimeType: _datetime,
        inspect.VarTupleType: _list,
        inspect.FrozenSetType: _list,
        inspect.TupleType: _tuple,
        inspect.DictType: _dict,
        inspect.UnionType: _union,
        inspect.StructType: _struct,
    }


_SHAPES: dict[type[inspect.Type], type] = {
    inspect.VarTupleType: list,
    inspect.FrozenSetType: list,
    inspect.TupleType: list,
    inspect.DictType: dict,
    inspect.StructType: dict,
}

_DESCRIPTIONS: dict[type[inspect.Type], tuple[str, str]] = {
    inspect.StrType: ("a text", "write a text"),
    inspect.IntType: ("a whole number", "write a number without quotes"),
    inspect.FloatType: ("a number", "write a number with a decimal point, without quotes"),
    inspect.BoolType: ("true or false", "write true or false, without quotes"),
    inspect.DateType: ("a date", "write it as 2026-12-31"),
    inspect.TimeType: ("a time of day", "write it as 08:30"),
    inspect.DateTimeType: ("a local date and time", "write it as 2026-12-31T08:30"),
    inspect.VarTupleType: ("a list", "write a list: [first, second]"),
    inspect.FrozenSetType: ("a list", "write a list: [first, second]"),
    inspect.TupleType: ("a list", "write a list: [first, second]"),
    inspect.DictType: ("a mapping", "write `key: value` lines, indented below"),
    inspect.NoneType: ("nothing", "leave it empty"),
}


def _shape(type_: inspect.Type) -> type:
    while isinstance(type_, inspect.Metadata):
        type_ = type_.type
    return _SHAPES.get(type(type_), str)


def _describe(type_: inspect.Type) -> tuple[str, str]:
    """(what is expected, what to do) for a type."""
    while isinstance(type_, inspect.Metadata):
        type_ = type_.type
    if isinstance(type_, inspect.LiteralType):
        choices = ", ".join(str(choice) for choice in type_.values)
        return f"one of {choices}", f"write one of {choices}"
    if isinstance(type_, inspect.UnionType):
        return _describe(type_.types[0])
    if isinstance(type_, inspect.StructType):
        keys = ", ".join(field.encode_name for field in type_.fields)
        return f"a mapping with {keys}", "write `key: value` lines, indented below"
    return _DESCRIPTIONS[type(type_)]


def _name(value: Plain) -> str:
    """A value as a person would call it."""
    match value:
        case None:
            return "nothing"
        case bool() | int() | float():
            return f"{_written(value)} (no text)" if isinstance(value, bool) else f"the number {value}"
        case str():
            return f"the text {msgspec.json.encode(value[:60]).decode()}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def _written(value: Plain) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _did_you_mean(value: Plain, known: list[str]) -> str:
    close = difflib.get_close_matches(str(value), known, n=1)
    every = f"known here: {', '.join(known)}"
    return f"did you mean `{close[0]}`? ({every})" if close else every
