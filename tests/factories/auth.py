"""Staff of a tenant, with or without a password, and their sessions."""

from auth import accounts
from auth.accounts import NewStaff
from auth.actor import Grant, Role, Staff, System
from auth.service import SignedIn, SignInAttempt, sign_in
from kernel.clock import Clock
from kernel.keys import MasterKey
from tenancy.session import Database
from tenancy.tenant import Tenant

PASSWORD = "lumi-aura-hiekka-42"
MASTER_KEY = MasterKey(b"a secret of the tests, 32 bytes or more")
CLIENT = "192.0.2.10"
CORRELATION_ID = "test-correlation"


def handler_of(unit: str) -> Grant:
    return Grant(Role.HANDLER, unit=unit)


def lead_of(department: str) -> Grant:
    return Grant(Role.LEAD, department=department)


PUBLISHER = Grant(Role.PUBLISHER)
ADMIN = Grant(Role.ADMIN)
AUDITOR = Grant(Role.AUDITOR)


def staff_actor(*grants: Grant, staff_id: int = 1) -> Staff:
    """A signed-in staff member who is in no database."""
    return Staff(
        id=staff_id,
        email="someone@example.org",
        name="Some One",
        language="fi",
        grants=grants,
        session_hash=b"\x01" * 32,
    )


async def make_staff(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    *grants: Grant,
    email: str = "aino@example.org",
    name: str = "Aino Virtanen",
    language: str = "fi",
    password: str | None = None,
) -> int:
    """An account in the database, committed; without a password unless given (a hash takes a tenth of a second)."""
    async with database.transaction(tenant) as session:
        return await accounts.create_staff(
            session,
            clock,
            System("tests"),
            NewStaff(email=email, name=name, language=language, grants=grants, password=password),
            correlation_id=CORRELATION_ID,
        )


async def sign_in_as(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    *,
    email: str = "aino@example.org",
    password: str = PASSWORD,
    client_address: str = CLIENT,
    old_token: str | None = None,
) -> SignedIn:
    """A session, by the way everybody gets one."""
    return await sign_in(
        database,
        tenant,
        clock,
        MASTER_KEY.for_tenant(tenant.slug),
        SignInAttempt(email=email, password=password, client_address=client_address, old_token=old_token),
        correlation_id=CORRELATION_ID,
    )
