"""Sessions: what a token opens, for how long, in whose schema, and the forms it vouches for."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from auth import accounts
from auth.actor import Resident, Staff, System
from auth.service import open_resident_session, sign_out, sign_out_everywhere
from auth.sessions import (
    RESIDENT_COOKIE,
    STAFF_COOKIE,
    csrf_token,
    find_resident,
    find_staff_actor,
    forget_expired,
    require_csrf,
    token_hash,
)
from factories.auth import (
    ADMIN,
    CORRELATION_ID,
    MASTER_KEY,
    PASSWORD,
    PUBLISHER,
    handler_of,
    make_staff,
    sign_in_as,
    staff_actor,
)
from kernel.clock import FixedClock
from kernel.errors import NotAllowed
from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


async def staff_of(database: Database, tenant: Tenant, clock: FixedClock, token: str) -> Staff | None:
    async with database.transaction(tenant) as session:
        found = await find_staff_actor(session, clock, token)
    assert session.round_trips == 3
    return found


async def resident_of(database: Database, tenant: Tenant, clock: FixedClock, token: str) -> Resident | None:
    async with database.transaction(tenant) as session:
        return await find_resident(session, clock, token)


async def open_feedback(
    database: Database, tenant: Tenant, clock: FixedClock, feedback_id: int, old_token: str | None = None
) -> str:
    async with database.transaction(tenant) as session:
        return await open_resident_session(
            session, clock, feedback_id, old_token=old_token, correlation_id=CORRELATION_ID
        )


async def count(database: Database, tenant: Tenant, table: str) -> int:
    async with database.transaction(tenant, read_only=True) as session:
        rows = await session.fetch(f"SELECT count(*) AS number FROM {table}")
    return int(rows[0]["number"])


async def test_a_token_is_the_person_with_the_roles_they_have_now(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, handler_of("parks"), PUBLISHER, password=PASSWORD)
    token = (await sign_in_as(database, tenant, clock)).token
    staff = await staff_of(database, tenant, clock, token)
    assert staff is not None
    assert (staff.id, staff.email, staff.name, staff.language) == (staff_id, "aino@example.org", "Aino Virtanen", "fi")
    assert set(staff.grants) == {handler_of("parks"), PUBLISHER}
    assert staff.session_hash == token_hash(token)
    async with database.transaction(tenant) as session:
        await session.fetch("DELETE FROM staff_role WHERE role = 'publisher'")
    again = await staff_of(database, tenant, clock, token)
    assert again is not None
    assert again.grants == (handler_of("parks"),)


async def test_a_token_of_one_municipality_is_nobody_in_the_other(database: Database, registry: Registry) -> None:
    clock = FixedClock(START)
    here, there = registry.by_slug("kerava"), registry.by_slug("jarvenpaa")
    for tenant in (here, there):
        await make_staff(database, tenant, clock, handler_of("parks"), password=PASSWORD)
    token = (await sign_in_as(database, here, clock)).token
    assert await staff_of(database, here, clock, token) is not None
    assert await staff_of(database, there, clock, token) is None
    opened = await open_feedback(database, here, clock, 1)
    assert await resident_of(database, here, clock, opened) == Resident(1)
    assert await resident_of(database, there, clock, opened) is None


async def test_the_database_holds_no_token(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    signed_in = await sign_in_as(database, tenant, clock)
    async with database.transaction(tenant, read_only=True) as session:
        rows = await session.fetch("SELECT s::text AS stored FROM session s")
    assert len(rows) == 1
    assert signed_in.token not in rows[0]["stored"]
    assert signed_in.token not in repr(signed_in)
    assert token_hash(signed_in.token).hex() in rows[0]["stored"]


@pytest.mark.parametrize("token", ["", "x", "\udcff", "ä" * 500, "' or 1=1 --"])
async def test_an_invented_token_is_nobody(database: Database, registry: Registry, token: str) -> None:
    for tenant in registry.all():
        assert await staff_of(database, tenant, FixedClock(START), token) is None
        assert await resident_of(database, tenant, FixedClock(START), token) is None


async def test_a_residents_token_is_no_staff_member_and_a_staff_members_no_resident(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    assert await staff_of(database, tenant, clock, await open_feedback(database, tenant, clock, 1)) is None
    assert await resident_of(database, tenant, clock, (await sign_in_as(database, tenant, clock)).token) is None


async def test_staff_are_signed_out_after_an_hour_of_nothing(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    token = (await sign_in_as(database, tenant, clock)).token
    for _ in range(3):
        clock.advance(timedelta(minutes=59))
        assert await staff_of(database, tenant, clock, token) is not None
    clock.advance(timedelta(minutes=60))
    assert await staff_of(database, tenant, clock, token) is None


async def test_staff_are_signed_out_after_twelve_hours_however_busy(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    token = (await sign_in_as(database, tenant, clock)).token
    for _ in range(23):
        clock.advance(timedelta(minutes=30))
        assert await staff_of(database, tenant, clock, token) is not None
    clock.advance(timedelta(minutes=30))
    assert await staff_of(database, tenant, clock, token) is None


async def test_a_residents_page_closes_after_half_an_hour_of_nothing_and_an_hour_at_most(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    idle = await open_feedback(database, tenant, clock, 1)
    busy = await open_feedback(database, tenant, clock, 2)
    clock.advance(timedelta(minutes=29))
    assert await resident_of(database, tenant, clock, busy) == Resident(2)
    clock.advance(timedelta(minutes=1))
    assert await resident_of(database, tenant, clock, idle) is None
    clock.advance(timedelta(minutes=28))
    assert await resident_of(database, tenant, clock, busy) == Resident(2)
    clock.advance(timedelta(minutes=2))
    assert await resident_of(database, tenant, clock, busy) is None


async def test_being_here_is_written_at_most_once_a_minute(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    token = await open_feedback(database, tenant, clock, 1)
    seen = []
    for seconds in (30, 29, 1, 30):
        clock.advance(timedelta(seconds=seconds))
        await resident_of(database, tenant, clock, token)
        async with database.transaction(tenant, read_only=True) as session:
            seen.append((await session.fetch("SELECT seen_at FROM session"))[0]["seen_at"])
    assert seen == [START, START, START + timedelta(seconds=60), START + timedelta(seconds=60)]


async def test_a_second_tab_does_not_wait_for_the_first(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    token = await open_feedback(database, tenant, clock, 1)
    clock.advance(timedelta(minutes=5))
    async with database.transaction(tenant) as first:
        assert await find_resident(first, clock, token) is not None
        async with database.transaction(tenant) as second:
            await second.fetch("SET LOCAL lock_timeout = 200")
            assert await find_resident(second, clock, token) is not None


async def test_who_acts_is_not_found_out_in_a_read_only_transaction(database: Database, registry: Registry) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.transaction(registry.by_slug("kerava"), read_only=True) as session:
            await find_staff_actor(session, FixedClock(START), "x")


async def test_a_closed_account_is_nobody_at_once(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, password=PASSWORD)
    token = (await sign_in_as(database, tenant, clock)).token
    async with database.transaction(tenant) as session:
        await accounts.deactivate(session, clock, System("tests"), staff_id, correlation_id=CORRELATION_ID)
    assert await staff_of(database, tenant, clock, token) is None
    assert await count(database, tenant, "session") == 0


async def test_a_session_left_behind_by_a_closed_account_opens_nothing(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    token = (await sign_in_as(database, tenant, clock)).token
    async with database.transaction(tenant) as session:
        await session.fetch("UPDATE staff SET is_active = false")
    assert await staff_of(database, tenant, clock, token) is None


async def test_signing_out_ends_this_session_and_no_other(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    at_work, at_home = [(await sign_in_as(database, tenant, clock)).token for _ in range(2)]
    for _ in range(2):  # the second time there is nothing to end
        async with database.transaction(tenant) as session:
            await sign_out(session, clock, at_work, correlation_id=CORRELATION_ID)
    assert await staff_of(database, tenant, clock, at_work) is None
    assert await staff_of(database, tenant, clock, at_home) is not None


async def test_signing_out_everywhere_ends_all_of_ones_own_and_an_admin_may_end_anybodys(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, password=PASSWORD)
    other_id = await make_staff(database, tenant, clock, email="eero@example.org", password=PASSWORD)
    tokens = [(await sign_in_as(database, tenant, clock)).token for _ in range(2)]
    others = (await sign_in_as(database, tenant, clock, email="eero@example.org")).token
    async with database.transaction(tenant) as session:
        await sign_out_everywhere(
            session, clock, staff_actor(staff_id=staff_id), staff_id, correlation_id=CORRELATION_ID
        )
    assert [await staff_of(database, tenant, clock, token) for token in tokens] == [None, None]
    assert await staff_of(database, tenant, clock, others) is not None
    with pytest.raises(NotAllowed):
        async with database.transaction(tenant) as session:
            await sign_out_everywhere(
                session, clock, staff_actor(staff_id=staff_id), other_id, correlation_id=CORRELATION_ID
            )
    async with database.transaction(tenant) as session:
        await sign_out_everywhere(
            session, clock, staff_actor(ADMIN, staff_id=99), other_id, correlation_id=CORRELATION_ID
        )
    assert await staff_of(database, tenant, clock, others) is None


async def test_opening_another_feedback_ends_the_browsers_session_on_the_first(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    first = await open_feedback(database, tenant, clock, 1)
    second = await open_feedback(database, tenant, clock, 2, old_token=first)
    assert await resident_of(database, tenant, clock, first) is None
    assert await resident_of(database, tenant, clock, second) == Resident(2)


async def test_housekeeping_forgets_what_is_past_its_limit_and_nothing_else(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    staff_token = (await sign_in_as(database, tenant, clock)).token
    await open_feedback(database, tenant, clock, 1)
    clock.advance(timedelta(minutes=40))
    async with database.transaction(tenant) as session:
        await forget_expired(session, clock)
    assert await count(database, tenant, "session") == 1
    assert await count(database, tenant, "throttle") == 0
    assert await staff_of(database, tenant, clock, staff_token) is not None


def test_a_form_is_accepted_only_with_the_token_of_its_own_session_and_tenant() -> None:
    here, there = MASTER_KEY.for_tenant("kerava"), MASTER_KEY.for_tenant("jarvenpaa")
    one, other = token_hash("one"), token_hash("other")
    require_csrf(here, one, csrf_token(here, one))
    for sent in (None, "", "ä", "\udcff", csrf_token(here, other), csrf_token(there, one), csrf_token(here, one)[:-1]):
        with pytest.raises(NotAllowed) as refused:
            require_csrf(here, one, sent)
        assert refused.value.code == "csrf_refused"


def test_cookies_belong_to_the_very_host() -> None:
    assert STAFF_COOKIE.startswith("__Host-")
    assert RESIDENT_COOKIE.startswith("__Host-")
    assert STAFF_COOKIE != RESIDENT_COOKIE
