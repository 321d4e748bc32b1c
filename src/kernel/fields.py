"""Kinds of text and number that fields of configuration share."""

from typing import Annotated

import msgspec


def text_of_form(pattern: str, hint: str) -> msgspec.Meta:
    """A text that matches the pattern; who writes another one is told the hint."""
    return msgspec.Meta(pattern=pattern, description=hint)


Text = Annotated[str, msgspec.Meta(min_length=1)]
Code = Annotated[str, text_of_form(r"^[a-z][a-z0-9_]{0,39}$", "use a-z, 0-9 and _, a letter first, at most 40")]
"""Names a thing of the configuration; kept in the database, so it never changes."""
OneOrMore = Text | Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
HttpsUrl = Annotated[str, text_of_form(r"^https://[^\s\"<>]+$", "write a whole address: https://…")]
Email = Annotated[str, text_of_form(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "write an address like name@example.fi")]
Phone = Annotated[str, text_of_form(r"^\+?[0-9][0-9 ]{1,19}$", "write digits and spaces, a + first where needed")]
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Colour = Annotated[str, text_of_form(r"^#[0-9a-f]{6}$", 'write it as "#rrggbb", in quotes, small letters')]


def as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One or more, as more."""
    return (value,) if isinstance(value, str) else value
