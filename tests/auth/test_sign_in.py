"""Signing in: rotation, refusals that are counted though they roll back, and nobody locked out by somebody else."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher

from auth import accounts
from auth.actor import System
from auth.service import PER_ACCOUNT_AND_CLIENT, PER_CLIENT, SignInAttempt
from auth.sessions import find_staff_actor
from factories.auth import CORRELATION_ID, PASSWORD, make_staff, sign_in_as
from kernel.clock import FixedClock
from kernel.errors import Invalid, TooMany
from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ATTACKER = "198.51.100.7"


async def refused(database: Database, tenant: Tenant, clock: FixedClock, **attempt: str) -> str:
    """Code of the refusal."""
    with pytest.raises((Invalid, TooMany)) as error:
        await sign_in_as(database, tenant, clock, **attempt)
    return error.value.problems[0].code if isinstance(error.value, Invalid) else error.value.code


async def rows(database: Database, tenant: Tenant, sql: str) -> list[tuple[object, ...]]:
    async with database.transaction(tenant, read_only=True) as session:
        return [tuple(row) for row in await session.fetch(sql)]


async def test_the_address_is_the_same_in_capitals_and_with_spaces_around(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, password=PASSWORD, language="sv")
    signed_in = await sign_in_as(database, tenant, clock, email="  Aino@Example.ORG ")
    assert (signed_in.staff_id, signed_in.language) == (staff_id, "sv")


async def test_a_sign_in_ends_the_session_the_browser_had(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    first = (await sign_in_as(database, tenant, clock)).token
    second = (await sign_in_as(database, tenant, clock, old_token=first)).token
    assert first != second
    async with database.transaction(tenant) as session:
        assert await find_staff_actor(session, clock, first) is None
        assert await find_staff_actor(session, clock, second) is not None


async def test_a_refused_sign_in_leaves_the_browsers_session_alone(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    token = (await sign_in_as(database, tenant, clock)).token
    assert await refused(database, tenant, clock, password="wrong password", old_token=token) == "wrong_credentials"
    async with database.transaction(tenant) as session:
        assert await find_staff_actor(session, clock, token) is not None


async def test_every_account_that_cannot_sign_in_is_refused_alike_and_after_one_verification(
    database: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, here, there = FixedClock(START), registry.by_slug("kerava"), registry.by_slug("jarvenpaa")
    await make_staff(database, here, clock, password=PASSWORD)
    await make_staff(database, here, clock, email="no-password@example.org")
    closed = await make_staff(database, here, clock, email="closed@example.org", password=PASSWORD)
    async with database.transaction(here) as session:
        await accounts.deactivate(session, clock, System("tests"), closed, correlation_id=CORRELATION_ID)
    verified = 0
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str | bytes, password: str | bytes) -> bool:
        nonlocal verified
        verified += 1
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    attempts = [
        (here, "aino@example.org", "wrong password"),
        (here, "nobody@example.org", PASSWORD),
        (here, "no-password@example.org", PASSWORD),
        (here, "closed@example.org", PASSWORD),
        (here, "\x00'; drop table staff; --\udcff", PASSWORD),
        (here, "", ""),
        (there, "aino@example.org", PASSWORD),
    ]
    for number, (tenant, email, password) in enumerate(attempts, start=1):
        assert await refused(database, tenant, clock, email=email, password=password) == "wrong_credentials"
        assert verified == number


async def test_failures_are_counted_and_audited_though_they_are_refused(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, password=PASSWORD)
    await refused(database, tenant, clock, password="wrong password")
    await refused(database, tenant, clock, email="nobody@example.org")
    audited = await rows(database, tenant, "SELECT target_id FROM audit WHERE action = 'sign_in_failed' ORDER BY id")
    assert audited == [(staff_id,), (None,)]
    assert await rows(database, tenant, "SELECT count FROM throttle ORDER BY count") == [(1,), (1,), (2,)]
    assert await rows(database, registry.by_slug("jarvenpaa"), "SELECT 1 FROM audit UNION SELECT 1 FROM throttle") == []


async def test_neither_the_throttle_nor_the_audit_holds_an_address_or_an_email(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    await refused(database, tenant, clock, password="wrong password", client_address=ATTACKER)
    await sign_in_as(database, tenant, clock)
    stored = str(await rows(database, tenant, "SELECT encode(key, 'escape') FROM throttle"))
    stored += str(await rows(database, tenant, "SELECT a::text FROM audit a"))
    for secret in ("aino", "Virtanen", ATTACKER, "192.0.2.10", PASSWORD):
        assert secret not in stored


async def test_guessing_is_stopped_even_when_the_last_guess_is_right(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    for _ in range(PER_ACCOUNT_AND_CLIENT.most):
        assert await refused(database, tenant, clock, password="a wrong guess") == "wrong_credentials"
    with pytest.raises(TooMany) as stopped:
        await sign_in_as(database, tenant, clock)
    assert stopped.value.retry_after_seconds == 15 * 60
    clock.advance(PER_ACCOUNT_AND_CLIENT.window)
    assert (await sign_in_as(database, tenant, clock)).token


async def test_somebody_elses_guesses_do_not_lock_the_owner_out(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    for _ in range(PER_ACCOUNT_AND_CLIENT.most + 1):
        await refused(database, tenant, clock, password="a wrong guess", client_address=ATTACKER)
    assert await refused(database, tenant, clock, client_address=ATTACKER) == "too_many_attempts"
    assert (await sign_in_as(database, tenant, clock, client_address="192.0.2.10")).token


async def test_guesses_sent_at_the_same_time_do_not_slip_through_together(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    codes = await asyncio.gather(
        *(refused(database, tenant, clock, password=f"wrong guess {number}") for number in range(12))
    )
    assert codes.count("wrong_credentials") == PER_ACCOUNT_AND_CLIENT.most
    assert codes.count("too_many_attempts") == 12 - PER_ACCOUNT_AND_CLIENT.most


async def test_a_client_that_tries_many_accounts_is_stopped(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    codes = await asyncio.gather(
        *(
            refused(database, tenant, clock, email=f"guess{number}@example.org", client_address=f"2001:db8::{number:x}")
            for number in range(PER_CLIENT.most)
        )
    )
    assert set(codes) == {"wrong_credentials"}
    assert await refused(database, tenant, clock, client_address="2001:db8::ffff") == "too_many_attempts"
    assert (await sign_in_as(database, tenant, clock, client_address="2001:db8:0:1::1")).token


async def test_successes_are_given_back_so_that_a_town_hall_behind_one_address_is_not_stopped(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    for _ in range(PER_ACCOUNT_AND_CLIENT.most + 3):
        await sign_in_as(database, tenant, clock)
    assert await rows(database, tenant, "SELECT count FROM throttle") == [(0,)]


async def test_a_password_hashed_with_old_parameters_is_hashed_anew_at_sign_in(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock)
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with database.transaction(tenant) as session:
        await session.fetch("UPDATE staff SET password_hash = $1", weak)
    await sign_in_as(database, tenant, clock)
    stored = str((await rows(database, tenant, "SELECT password_hash FROM staff"))[0][0])
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    await sign_in_as(database, tenant, clock)


@dataclass
class HeldVerification:
    """argon2's verification, held until it is let go, as on a very slow machine."""

    begun: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def until_left(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.may_end.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldVerification:
    held, verify = HeldVerification(), PasswordHasher.verify

    def slow(self: PasswordHasher, stored: str | bytes, password: str | bytes) -> bool:
        held.begun.set()
        held.may_end.wait(timeout=20)
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    return held


async def test_no_connection_is_held_while_a_password_is_verified(
    database: Database, registry: Registry, database_url: str, held: HeldVerification
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    async with Database(database_url, pool_size=1, pool_timeout_seconds=1) as narrow:
        signing_in = asyncio.create_task(sign_in_as(narrow, tenant, clock))
        with held.until_left():
            await asyncio.to_thread(held.begun.wait, 20)
            async with narrow.transaction(tenant, read_only=True) as session:
                await session.fetch("SELECT 1")
        assert (await signing_in).token


@pytest.mark.parametrize("change", ["is_active = false", "password_hash = 'another'", "password_hash = null"])
async def test_an_account_that_changes_while_its_password_is_verified_is_not_opened(
    database: Database, registry: Registry, held: HeldVerification, change: str
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock, password=PASSWORD)
    signing_in = asyncio.create_task(refused(database, tenant, clock))
    with held.until_left():
        await asyncio.to_thread(held.begun.wait, 20)
        async with database.transaction(tenant) as session:
            await session.fetch(f"UPDATE staff SET {change}")
    assert await signing_in == "wrong_credentials"
    assert await rows(database, tenant, "SELECT 1 FROM session") == []


def test_a_password_does_not_stand_in_a_log_of_the_attempt() -> None:
    attempt = SignInAttempt(email="aino@example.org", password=PASSWORD, client_address="192.0.2.10")
    assert PASSWORD not in repr(attempt)
