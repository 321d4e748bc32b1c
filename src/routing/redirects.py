"""What is not this municipality's matter, or not this channel's, and whose it is; shown before one writes it all."""

from collections.abc import Iterable

import msgspec

from kernel.text import LocalizedText
from routing.conditions import Condition
from routing.facts import RoutingFacts


class Redirect(msgspec.Struct, frozen=True, kw_only=True):
    """One such matter (Administrative Procedure Act 434/2003 §8: advice, and pointing to the right authority)."""

    code: str
    name: LocalizedText
    """The matter: `State roads`."""
    to: LocalizedText
    """Whose it is: `Palauteväylä`."""
    text: LocalizedText
    """One or two sentences to the resident."""
    url: str | None = None
    phone: str | None = None
    urgent: bool = False
    """Danger to life or property: stands first and stands out."""
    condition: Condition | None = None
    """When it is shown; None: always."""

    @property
    def href(self) -> str | None:
        """Where the link leads: the page, else the telephone."""
        return self.url or (f"tel:{self.phone.replace(' ', '')}" if self.phone else None)


class Redirects:
    """All redirects of a municipality, urgent ones first, else in the order of the file."""

    def __init__(self, redirects: Iterable[Redirect]) -> None:
        self.all = tuple(sorted(redirects, key=lambda redirect: not redirect.urgent))

    def always(self) -> tuple[Redirect, ...]:
        """Those shown before anything is known."""
        return tuple(redirect for redirect in self.all if redirect.condition is None)

    def find(self, facts: RoutingFacts) -> tuple[Redirect, ...]:
        """Those that what has been chosen and written so far points to."""
        return tuple(
            redirect for redirect in self.all if redirect.condition is not None and redirect.condition.holds(facts)
        )
