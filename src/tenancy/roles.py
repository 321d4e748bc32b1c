"""Database roles: one that owns every schema and cannot log in, and one for each tenant that may touch only its own.

The login role is a member of each with the right to *become* it and without inheriting its rights
(`INHERIT FALSE, SET TRUE`, PostgreSQL 16 and later; a `NOINHERIT` login role before). So a statement that runs outside
`transaction(tenant)` reaches no tenant's table.
"""

import asyncpg
from sqlalchemy import text

from kernel.errors import ConfigError, Problem
from tenancy.session import Database, PlatformSession

INHERIT_OPTION_SINCE = 160_000


async def ensure_owner(database: Database) -> None:
    """Create the owner role and the schema `shared`. The login role needs CREATEROLE and CREATE on the database."""
    async with database.owner_transaction("pg_catalog", as_owner=False) as session:
        await _lock_roles(session)
        await _ensure_role(session, database.owner_role)
        await session.execute(text(f'GRANT CREATE, CONNECT ON DATABASE "{database.name}" TO {database.owner_role}'))
    async with database.owner_transaction("pg_catalog") as session:
        login = (await session.execute(text("SELECT quote_ident(session_user)"))).scalar_one()
        await session.execute(text("CREATE SCHEMA IF NOT EXISTS shared"))
        await session.execute(text(f"GRANT USAGE ON SCHEMA shared TO {login}"))


async def ensure_tenant_role(session: PlatformSession, role: str) -> None:
    """Create the tenant's role, as the login role."""
    await _lock_roles(session)
    await _ensure_role(session, role)


async def _lock_roles(session: PlatformSession) -> None:
    # Two provisionings at once on one server would collide in pg_authid.
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('kuulolla roles', 0))"))


async def _ensure_role(session: PlatformSession, role: str) -> None:
    version = int((await session.execute(text("SHOW server_version_num"))).scalar_one())
    exists = (await session.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})).first()
    if exists is None:
        try:
            await session.execute(text(f"CREATE ROLE {role} NOLOGIN NOINHERIT"))
        except Exception as error:
            if _is_privilege_error(error):
                raise _refusal(f"the login role may not create the role {role}", "grant it CREATEROLE") from error
            raise
    login = (await session.execute(text("SELECT quote_ident(session_user)"))).scalar_one()
    options = "WITH INHERIT FALSE, SET TRUE" if version >= INHERIT_OPTION_SINCE else ""
    grants = (
        await session.execute(
            text(
                "SELECT to_jsonb(m) FROM pg_auth_members m WHERE m.member = (SELECT oid FROM pg_roles"
                " WHERE rolname = session_user) AND m.roleid = (SELECT oid FROM pg_roles WHERE rolname = :role)"
            ),
            {"role": role},
        )
    ).scalars()
    # Before PostgreSQL 16 a membership has no options: to be a member is to be allowed SET ROLE.
    member = [grant for grant in grants if grant.get("set_option", True) and not grant.get("inherit_option", False)]
    if not member:
        await session.execute(text(f"GRANT {role} TO {login} {options}"))
    inherits = (
        await session.execute(
            text(
                "SELECT pg_has_role(session_user, :role, 'USAGE') AND NOT rolsuper FROM pg_roles"
                " WHERE rolname = session_user"
            ),
            {"role": role},
        )
    ).scalar_one()
    if inherits:
        raise _refusal(
            f"the login role inherits the rights of {role}",
            "ALTER ROLE … NOINHERIT (needed before PostgreSQL 16)",
        )


def _is_privilege_error(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, asyncpg.InsufficientPrivilegeError):
            return True
        cause = cause.__cause__
    return "InsufficientPrivilege" in repr(error)


def _refusal(what: str, remedy: str) -> ConfigError:
    return ConfigError((Problem(file="KUULOLLA_DATABASE_URL", line=0, path="$", what=what, remedy=remedy),))
