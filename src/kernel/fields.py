"""Kinds of text and number that fields of configuration share."""

from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Names a thing of the configuration; kept in the database, so it never changes."""
OneOrMore = Text | Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
HttpsUrl = Annotated[str, msgspec.Meta(pattern=r"^https://[^\s\"<>]+$")]
Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Phone = Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9][0-9 ]{1,19}$")]
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Colour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")]


def as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One or more, as more."""
    return (value,) if isinstance(value, str) else value
