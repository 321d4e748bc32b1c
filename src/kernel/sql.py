"""Small pieces of SQL that several tables share."""

from collections.abc import Iterable


def one_of(column: str, values: Iterable[str]) -> str:
    """The check that a text column holds one of the listed codes.

    Text with a check, never a PostgreSQL enum: a type in each schema breaks cached plans that meet another (ADR 0001).
    """
    return f"{column} in ({', '.join(repr(value) for value in values)})"
