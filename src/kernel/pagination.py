"""Keyset paging: a page and an opaque cursor to the next one, steady while rows come and go."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from kernel.errors import FieldProblem, Invalid

T = TypeVar("T")
U = TypeVar("U")


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The last row of a page: the moment it is ordered by, and its id to break ties."""

    at: datetime
    id: int

    def encode(self) -> str:
        """As it stands in an address."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some rows in order, and the cursor that continues after them; None on the last page."""

    items: list[T]
    next_cursor: str | None = None

    def map(self, function: Callable[[T], U]) -> "Page[U]":
        """The same page of other things."""
        return Page([function(item) for item in self.items], self.next_cursor)


def decode(cursor: str | None) -> Cursor | None:
    """The cursor of a request. Raises Invalid when nobody here made it."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        made = msgspec.json.decode(base64.urlsafe_b64decode(padded.encode("ascii")), type=Cursor)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError) as error:
        raise Invalid(FieldProblem("cursor", "unknown_value")) from error
    if made.at.tzinfo is None or not 1900 < made.at.year < 9000 or not 0 <= made.id < 2**63:  # noqa: PLR2004
        raise Invalid(FieldProblem("cursor", "unknown_value"))
    return made


def cut(rows: Sequence[T], limit: int, cursor_of: Callable[[T], Cursor]) -> Page[T]:
    """The page from `limit + 1` rows: the extra one only says that there is more."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page(items, cursor_of(items[-1]).encode() if more and items else None)
