"""What of a municipality appears in its messages: name, colour, addresses, and the names behind its codes.

`app.wiring` makes one from each municipality's configuration; nothing here reads files.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kernel.text import LocalizedText
from notifications.config import NotificationsConfig
from tenancy.session import TenantSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """One municipality's."""

    name: LocalizedText
    """Of the municipality, as people say it."""
    config: NotificationsConfig
    """Sender, reply address and signature. The sender is the envelope's too, so bounces go there."""
    colour: str
    """`#rrggbb` of the brand; `text_colour` is readable on it (checked when the configuration is read)."""
    text_colour: str = "#ffffff"
    base_url: str
    """Of the municipality's first host, without a slash at the end."""
    time_zone: str
    category_name: Callable[[str], LocalizedText]
    kind_name: Callable[[str], LocalizedText]
    unit_name: Callable[[str], LocalizedText]
    withholding_reason: Callable[[TenantSession, int, int | None], Awaitable[LocalizedText | None]]
    """Why a feedback (its id) or an answer to it (its message's id) is not published; None when it no longer is so."""

    @property
    def host(self) -> str:
        """The host of its links, without a port: the right side of every Message-ID."""
        return self.base_url.partition("://")[2].partition("/")[0].partition(":")[0]
