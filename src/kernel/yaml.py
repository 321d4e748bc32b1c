"""Strict YAML → frozen structs; every problem of a file at once, each as `file:line: $.path: what: remedy`.

`msgspec.convert` would stop at the first fault and knows no lines, so the text is read by `kernel.yaml_reader` and the
struct types are walked by `kernel.yaml_types`. The structs themselves are the only schema. A section that needs others
to be checked goes on with its `Document` and the same `Problems`.
"""

from pathlib import Path
from typing import TypeVar

from kernel.yaml_reader import (
    Document,
    Fault,
    Plain,
    Problems,
    SelfChecking,
    join,
    load_document,
    parse_document,
)
from kernel.yaml_types import Converter

__all__ = [
    "Document",
    "Fault",
    "Plain",
    "Problems",
    "SelfChecking",
    "convert",
    "join",
    "load",
    "load_document",
    "parse_document",
]

T = TypeVar("T")


def load(path: Path, type_: type[T]) -> T:
    """Read one file into a struct. Raises ConfigError with every problem."""
    problems = Problems()
    document = load_document(path, problems)
    result = None if document is None else convert(document, type_, problems)
    problems.raise_if_any()
    assert result is not None  # noqa: S101 - without a problem there is a result
    return result


def convert(document: Document, type_: type[T], problems: Problems) -> T | None:
    """The document as a struct; None when anything in it is wrong."""
    before = len(problems)
    result = Converter(document, problems).convert(type_)
    return result if len(problems) == before else None
