"""The port of a strong identification outside the service. Implementations live in `integrations`.

Only what every such provider has: the person leaves for it, comes back with an answer, and is then known.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import msgspec


class IdentificationBegun(msgspec.Struct, frozen=True):
    """The person goes there; what was begun is kept until they are back."""

    redirect_to: str
    state: bytes
    """The provider's own memory of this attempt (nonce, code verifier). The caller binds it to the browser, keeps it
    secret and hands it to `complete` once."""


class VerifiedIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody as the provider vouches for them."""

    subject: str
    """The same for the same person every time. May be an identity code: store its keyed hash only (domain.md §8)."""
    name: str
    assurance: str
    """Level as the provider names it, such as an eIDAS level's URI."""
    verified_at: datetime


class IdentityProvider(Protocol):
    """Knows who somebody is, better than we do."""

    async def begin(self, *, return_to: str, language: str) -> IdentificationBegun:
        """Start: where to send the person, who will come back to `return_to` (an address of the tenant's host)."""
        ...

    async def complete(self, *, state: bytes, answer: Mapping[str, str]) -> VerifiedIdentity:
        """Finish with the parameters the person came back with.

        Raises NotAuthenticated when they gave up, Refused when the answer is not to be trusted, Temporary when the
        provider cannot be reached.
        """
        ...
