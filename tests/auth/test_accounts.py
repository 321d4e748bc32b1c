"""Accounts of staff, and the audit trail of what is done to them."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from auth import accounts, audit
from auth.accounts import NewStaff
from auth.actor import Actor, Anonymous, Grant, Role, System
from auth.audit import AuditEvent, AuditFilter
from factories.auth import (
    ADMIN,
    AUDITOR,
    CORRELATION_ID,
    PASSWORD,
    PUBLISHER,
    handler_of,
    lead_of,
    make_staff,
    sign_in_as,
    staff_actor,
)
from kernel.clock import FixedClock
from kernel.errors import AppError, Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound
from kernel.pagination import decode
from tenancy.registry import Registry
from tenancy.session import Database

ADMIN_OF_UNIT = Grant(Role.ADMIN, unit="parks")
LEAD_OF_UNIT = Grant(Role.LEAD, unit="parks")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


async def test_an_account_is_found_with_its_roles_and_only_in_its_own_municipality(
    database: Database, registry: Registry
) -> None:
    clock, here, there = FixedClock(START), registry.by_slug("kerava"), registry.by_slug("jarvenpaa")
    grants = (handler_of("parks"), lead_of("education"), ADMIN, AUDITOR, PUBLISHER)
    staff_id = await make_staff(database, here, clock, *grants, handler_of("parks"))
    async with database.transaction(here, read_only=True) as session:
        person = await accounts.find_staff(session, staff_id)
        assert person == await accounts.find_staff_by_email(session, "AINO@example.org")
    assert person is not None
    assert (person.email, person.name, person.is_active) == ("aino@example.org", "Aino Virtanen", True)
    assert set(person.grants) == set(grants)
    assert len(person.grants) == len(grants)
    async with database.transaction(there, read_only=True) as session:
        assert await accounts.find_staff(session, staff_id) is None
        assert await accounts.find_staff_by_email(session, "aino@example.org") is None


async def test_work_of_a_unit_is_for_its_handlers_and_the_leads_of_its_department(
    database: Database, registry: Registry
) -> None:
    clock, here, there = FixedClock(START), registry.by_slug("kerava"), registry.by_slug("jarvenpaa")
    people: list[tuple[str, tuple[Grant, ...]]] = [
        ("Cecilia", (handler_of("parks"),)),
        ("Bertta", (lead_of("urban_engineering"), handler_of("library"))),
        ("Aino", (handler_of("library"), PUBLISHER)),
        ("Doris", (lead_of("education"),)),
        ("Eero", (ADMIN, AUDITOR)),
    ]
    for name, grants in people:
        await make_staff(database, here, clock, *grants, email=f"{name.lower()}@example.org", name=name)
    gone = await make_staff(database, here, clock, handler_of("parks"), PUBLISHER, email="gone@example.org")
    await make_staff(database, there, clock, handler_of("parks"), PUBLISHER)
    async with database.transaction(here) as session:
        await accounts.deactivate(session, clock, System("tests"), gone, correlation_id=CORRELATION_ID)
        in_parks = await accounts.list_staff_of_unit(session, "parks", "urban_engineering")
        publishers = await accounts.list_publishers(session)
        nobody = await accounts.list_staff_of_unit(session, "harbour", "water")
    assert [person.name for person in in_parks] == ["Bertta", "Cecilia"]
    assert in_parks[0].grants == (handler_of("library"), lead_of("urban_engineering"))
    assert [person.name for person in publishers] == ["Aino"]
    assert nobody == []


async def test_an_address_is_one_persons(database: Database, registry: Registry) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    await make_staff(database, tenant, clock)
    with pytest.raises(Conflict, match="email_taken"):
        await make_staff(database, tenant, clock, email="Aino@Example.org")
    assert await make_staff(database, registry.by_slug("jarvenpaa"), clock)


@pytest.mark.parametrize(
    ("new", "problems"),
    [
        (NewStaff(email="", name=" "), {"email": "required", "name": "required"}),
        (NewStaff(email="a@example.org", name="A", language="de"), {"language": "unknown_value"}),
        (NewStaff(email="aino", name="Aino"), {"email": "no_email"}),
        (NewStaff(email="äiti@example.org", name="Aino"), {"email": "no_email"}),
        (NewStaff(email="a\x00@example.org", name="Aino"), {"email": "no_email"}),
        (NewStaff(email="a@example.org", name="A" * 101), {"name": "too_long"}),
        (NewStaff(email="a@example.org", name="Aino", password="short"), {"password": "too_short"}),
        (NewStaff(email="a@example.org", name="Aino", grants=(Grant(Role.HANDLER),)), {"grants": "unknown_value"}),
        (NewStaff(email="a@example.org", name="A", grants=(ADMIN_OF_UNIT,)), {"grants": "unknown_value"}),
        (NewStaff(email="a@example.org", name="A", grants=(LEAD_OF_UNIT,)), {"grants": "unknown_value"}),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_new_account_is_said_field_by_field(
    database: Database, registry: Registry, new: NewStaff, problems: dict[str, str]
) -> None:
    for tenant in registry.all():
        with pytest.raises(Invalid) as refused:
            async with database.transaction(tenant) as session:
                await accounts.create_staff(
                    session, FixedClock(START), System("tests"), new, correlation_id=CORRELATION_ID
                )
        assert {problem.path: problem.code for problem in refused.value.problems} == problems


@pytest.mark.parametrize(
    ("actor", "error"),
    [(Anonymous(), NotAuthenticated), (staff_actor(handler_of("parks"), PUBLISHER, AUDITOR), NotAllowed)],
)
async def test_only_an_admin_manages_users(
    database: Database, registry: Registry, actor: Actor, error: type[AppError]
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock)
    new = NewStaff(email="new@example.org", name="New")
    async with database.transaction(tenant) as session:
        with pytest.raises(error):
            await accounts.create_staff(session, clock, actor, new, correlation_id=CORRELATION_ID)
        with pytest.raises(error):
            await accounts.set_password(session, clock, actor, staff_id, PASSWORD, correlation_id=CORRELATION_ID)
        with pytest.raises(error):
            await accounts.deactivate(session, clock, actor, staff_id, correlation_id=CORRELATION_ID)
    async with database.transaction(tenant) as session:
        assert await accounts.create_staff(
            session, clock, staff_actor(ADMIN, staff_id=staff_id), new, correlation_id=CORRELATION_ID
        )


async def test_a_new_password_opens_and_the_old_one_and_its_sessions_are_over(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, password=PASSWORD)
    await sign_in_as(database, tenant, clock)
    async with database.transaction(tenant) as session:
        await accounts.set_password(
            session, clock, System("tests"), staff_id, "another long password", correlation_id=CORRELATION_ID
        )
        assert await session.fetch("SELECT FROM session") == []
    with pytest.raises(Invalid):
        await sign_in_as(database, tenant, clock)
    assert (await sign_in_as(database, tenant, clock, password="another long password")).token


async def test_nobody_closes_their_own_account_and_an_unknown_one_is_not_found(
    database: Database, registry: Registry
) -> None:
    clock, here, there = FixedClock(START), registry.by_slug("kerava"), registry.by_slug("jarvenpaa")
    staff_id = await make_staff(database, here, clock, ADMIN)
    with pytest.raises(Conflict, match="own_account"):
        async with database.transaction(here) as session:
            await accounts.deactivate(
                session, clock, staff_actor(ADMIN, staff_id=staff_id), staff_id, correlation_id=CORRELATION_ID
            )
    async with database.transaction(there) as session:
        with pytest.raises(NotFound):
            await accounts.deactivate(session, clock, System("tests"), staff_id, correlation_id=CORRELATION_ID)
        with pytest.raises(NotFound):
            await accounts.set_password(
                session, clock, System("tests"), staff_id, PASSWORD, correlation_id=CORRELATION_ID
            )


async def test_what_is_done_to_accounts_is_audited_without_personal_data(
    database: Database, registry: Registry
) -> None:
    clock, tenant = FixedClock(START), registry.by_slug("kerava")
    staff_id = await make_staff(database, tenant, clock, handler_of("parks"), PUBLISHER, password=PASSWORD)
    admin = staff_actor(ADMIN, staff_id=staff_id + 100)
    await sign_in_as(database, tenant, clock)
    async with database.transaction(tenant) as session:
        await accounts.set_password(session, clock, admin, staff_id, PASSWORD, correlation_id="set")
        await accounts.deactivate(session, clock, admin, staff_id, correlation_id="closed")
        page = await audit.list_audit(session, staff_actor(AUDITOR), AuditFilter(), None, 50)
    told = [(entry.action, entry.actor_kind, entry.actor_id, entry.target_id) for entry in page.items]
    assert told == [
        ("staff_deactivated", "staff", admin.id, staff_id),
        ("password_set", "staff", admin.id, staff_id),
        ("signed_in", "staff", staff_id, staff_id),
        ("staff_created", "system", None, staff_id),
    ]
    assert page.items[-1].details == {"grants": ["handler:parks", "publisher"]}
    assert page.items[2].actor_name == "Aino Virtanen"
    stored = str([(entry.details, entry.correlation_id) for entry in page.items])
    assert "aino" not in stored.lower()


async def test_an_auditor_pages_and_filters_the_trail_of_their_own_municipality(
    database: Database, registry: Registry
) -> None:
    clock, here, there = FixedClock(START), registry.by_slug("kerava"), registry.by_slug("jarvenpaa")
    auditor = staff_actor(AUDITOR)
    async with database.transaction(here) as session:
        for number in range(7):
            if number % 2:
                clock.advance(timedelta(hours=1))  # so that some share their moment
            await audit.record(
                session, clock, staff_actor(staff_id=number % 2), AuditEvent.FEEDBACK_READ, "feedback", number,
                {"number": number}, correlation_id=CORRELATION_ID,
            )  # fmt: skip
    async with database.transaction(here, read_only=True) as session:
        seen: list[int | None] = []
        cursor: str | None = None
        while True:
            page = await audit.list_audit(session, auditor, AuditFilter(), decode(cursor), 3)
            seen += [entry.target_id for entry in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == [6, 5, 4, 3, 2, 1, 0]

        async def filtered(**where: object) -> list[int | None]:
            found = await audit.list_audit(session, auditor, AuditFilter(**where), None, 50)  # type: ignore[arg-type]  # the test's own keywords
            return [entry.target_id for entry in found.items]

        assert await filtered(staff_id=1) == [5, 3, 1]
        assert await filtered(target_type="feedback", target_id=4) == [4]
        assert await filtered(action="signed_in") == []
        assert await filtered(since=START + timedelta(hours=1), until=START + timedelta(hours=2)) == [2, 1]
    async with database.transaction(there, read_only=True) as session:
        assert (await audit.list_audit(session, auditor, AuditFilter(), None, 50)).items == []


async def test_only_an_auditor_reads_the_trail(database: Database, registry: Registry) -> None:
    for tenant in registry.all():
        async with database.transaction(tenant, read_only=True) as session:
            for actor in (staff_actor(ADMIN), staff_actor(PUBLISHER), staff_actor(lead_of("education"))):
                with pytest.raises(NotAllowed):
                    await audit.list_audit(session, actor, AuditFilter(), None, 50)
        assert session.round_trips == 0


@pytest.mark.parametrize("sql", ["UPDATE audit SET action = 'nothing'", "DELETE FROM audit", "TRUNCATE audit"])
async def test_the_trail_cannot_be_changed_by_the_tenants_role(
    database: Database, registry: Registry, sql: str
) -> None:
    for tenant in registry.all():
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(tenant) as session:
                await session.fetch(sql)
