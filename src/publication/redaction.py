"""Where the personal-data scan stands in the way of publishing.

Every text goes through the scanners of `app.wiring` before it is published, and any finding blocks it. The scanners
themselves (identity codes, phone numbers, names …) are built apart from the flow that obeys them; a service without one
has `()` there, and a person's eyes on both texts are then the only guard.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """Something in a text that should not be published as it is."""

    start: int
    """Index of the first character."""
    end: int
    """Index after the last character."""
    kind: str
    """`identity_code`, `email`, …"""
    proposal: str
    """What could stand there instead."""


class Scanner(Protocol):
    """Looks for one kind or several of personal data; pure and fast."""

    def scan(self, text: str) -> Sequence[Finding]:
        """What was found, in order."""
        ...


def scan(scanners: Sequence[Scanner], text: str) -> list[Finding]:
    """The findings of all scanners, in order of place."""
    return sorted((found for scanner in scanners for found in scanner.scan(text)), key=lambda found: found.start)
