"""Counting attempts: windows, keys that say nothing, and what one client is."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from auth.throttle import Claim, Limit, claim, client_network, spend
from factories.auth import MASTER_KEY
from kernel.clock import FixedClock
from kernel.errors import TooMany
from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
THREE = Limit(name="three", most=3, window=timedelta(minutes=10))


async def attempt(database: Database, tenant: Tenant, clock: FixedClock, *claims: Claim) -> bool:
    try:
        async with database.transaction(tenant) as session:
            await spend(session, claims, clock.now())
    except TooMany:
        return False
    return True


async def test_a_window_admits_its_number_and_the_next_one_anew(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    one = claim(MASTER_KEY.for_tenant("kerava"), THREE, "one")
    assert [await attempt(database, tenant, clock, one) for _ in range(5)] == [True, True, True, False, False]
    clock.advance(timedelta(minutes=9, seconds=59))
    assert not await attempt(database, tenant, clock, one)
    clock.advance(timedelta(seconds=1))
    assert [await attempt(database, tenant, clock, one) for _ in range(4)] == [True, True, True, False]


async def test_the_refusal_says_when_the_window_ends(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    one = claim(MASTER_KEY.for_tenant("kerava"), THREE, "one")
    for _ in range(3):
        await attempt(database, tenant, clock, one)
    clock.advance(timedelta(minutes=4))
    with pytest.raises(TooMany) as refused:
        async with database.transaction(tenant) as session:
            await spend(session, [one], clock.now())
    assert refused.value.retry_after_seconds == 6 * 60


async def test_counts_belong_to_one_tenant_and_one_value(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    keys = MASTER_KEY.for_tenant("kerava")
    for _ in range(4):
        await attempt(database, tenant, clock, claim(keys, THREE, "one"))
    assert await attempt(database, tenant, clock, claim(keys, THREE, "two"))
    there = claim(MASTER_KEY.for_tenant("jarvenpaa"), THREE, "one")
    assert await attempt(database, registry.by_slug("jarvenpaa"), clock, there)


def test_keys_differ_by_tenant_limit_and_where_one_value_ends() -> None:
    here, there = MASTER_KEY.for_tenant("kerava"), MASTER_KEY.for_tenant("jarvenpaa")
    other = Limit(name="other", most=3, window=timedelta(minutes=10))
    claims = [
        claim(here, THREE, "ab", "c"),
        claim(here, THREE, "a", "bc"),
        claim(here, THREE, "abc"),
        claim(here, other, "ab", "c"),
        claim(there, THREE, "ab", "c"),
    ]
    assert len({each.key for each in claims}) == len(claims)


async def test_many_at_once_are_counted_one_by_one_and_never_wait_for_each_other_in_a_circle(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    keys = MASTER_KEY.for_tenant("kerava")
    twenty = Limit(name="twenty", most=20, window=timedelta(minutes=10))
    first, second = claim(keys, twenty, "first"), claim(keys, twenty, "second")
    admitted = await asyncio.gather(
        *(
            attempt(database, tenant, clock, *((first, second) if number % 2 else (second, first)))
            for number in range(40)
        )
    )
    assert sum(admitted) == 20


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.10", "192.0.2.10"),
        ("::ffff:192.0.2.10", "192.0.2.10"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0db8:0001:0002::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix socket", "unix socket"),
    ],
)
def test_one_client_is_an_ipv4_address_or_an_ipv6_network(address: str, network: str) -> None:
    assert client_network(address) == network
