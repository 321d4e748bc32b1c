"""How often something may be tried within a window, counted in the database: the same for every process.

Keys are keyed hashes under the tenant's own key: no address and no e-mail is kept, and one tenant's rows say nothing in
another. The table is unlogged: a crash forgets the counts, which is the cheaper mistake.

The counting rule: what admits an attempt must be committed *before* the attempt, in a transaction of its own. Then a
refusal that raises, and so rolls back, cannot undo its own count, and guesses sent at the same time cannot all slip
through. `TooMany` itself may roll back: the count then stays at the limit, and the next attempt is refused as well.
"""

import ipaddress
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec

from kernel.errors import TooMany
from kernel.keys import TenantKeys
from tenancy.session import TenantSession

IPV6_NETWORK_BITS = 64
"""What one customer gets (RFC 6177): counting single IPv6 addresses would count nothing."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So many attempts within a window that begins with the first."""

    name: str
    most: int
    window: timedelta


class Claim(msgspec.Struct, frozen=True):
    """One attempt under a limit, of the one these values name."""

    limit: Limit
    key: bytes


# One statement however many claims. Keys come sorted, so that two requests lock their rows in the same order.
COUNT = """
insert into throttle as t (key, count, window_ends_at)
select key, 1, ends_at from unnest($1::bytea[], $2::timestamptz[]) as attempt (key, ends_at)
on conflict (key) do update set
  count = case when t.window_ends_at <= $3 then 1 else least(t.count + 1, 1000000) end,
  window_ends_at = case when t.window_ends_at <= $3 then excluded.window_ends_at else t.window_ends_at end
returning key, count, window_ends_at
"""


def claim(keys: TenantKeys, limit: Limit, *values: str) -> Claim:
    """An attempt to be counted for these values together (an account and an address, say)."""
    message = msgspec.json.encode([limit.name, *(value.encode("utf-8", errors="replace").hex() for value in values)])
    return Claim(limit, keys.sign("throttle", message))


def count_arguments(claims: Sequence[Claim], now: datetime) -> tuple[list[bytes], list[datetime], datetime]:
    """Arguments of `COUNT`, for a larger statement that contains it."""
    ordered = sorted(claims, key=lambda claim: claim.key)
    return [claim.key for claim in ordered], [now + claim.limit.window for claim in ordered], now


def require_within(claims: Sequence[Claim], rows: Sequence[asyncpg.Record], now: datetime) -> None:
    """Look at what `COUNT` returned. Raises TooMany with the time until every exceeded window has ended."""
    limits = {claim.key: claim.limit for claim in claims}
    ends = [row["window_ends_at"] for row in rows if row["count"] > limits[row["key"]].most]
    if ends:
        raise TooMany("too_many_attempts", retry_after_seconds=max(1, math.ceil((max(ends) - now).total_seconds())))


async def spend(session: TenantSession, claims: Sequence[Claim], now: datetime) -> None:
    """Count one attempt under each limit. Raises TooMany. Commit before the attempt itself is made (see above)."""
    require_within(claims, await session.fetch(COUNT, *count_arguments(claims, now)), now)


def client_network(address: str) -> str:
    """What stands for one client: an IPv4 address, or the network of an IPv6 one; anything else as it is."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK_BITS), strict=False))
    return str(parsed)
