"""Bring the schema `shared`, then every tenant's schema, to the newest revision; one transaction each, a result each.

A tenant that fails does not stop the others, and the next run takes up what is left: each schema keeps its own version
table. Alembic is synchronous; it runs on our asynchronous connection through `run_sync`.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Literal

import msgspec
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from kernel.log import get_logger
from tenancy.roles import ensure_owner
from tenancy.session import Database
from tenancy.tenant import Tenant

VERSION_TABLE = "alembic_version"


class MigrationResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one schema."""

    schema: str
    status: Literal["migrated", "up_to_date", "failed"]
    from_revision: str | None
    to_revision: str | None
    seconds: float
    error: str | None = None


async def migrate_shared(database: Database, trees: Path) -> MigrationResult:
    """Make the owner role and bring `shared` up to date. Everything else needs it, so a failure is raised."""
    await ensure_owner(database)
    return await _migrate(database, trees / "shared", "shared", grant_to=None)


async def migrate_all(
    database: Database,
    trees: Path,
    tenants: Iterable[Tenant],
    report: Callable[[MigrationResult], None] = lambda _: None,
) -> list[MigrationResult]:
    """Migrate each tenant's schema; a failed one is reported and the rest go on."""
    results: list[MigrationResult] = []
    for tenant in tenants:
        result = await migrate_tenant(database, trees, tenant)
        report(result)
        results.append(result)
    return results


async def migrate_tenant(database: Database, trees: Path, tenant: Tenant) -> MigrationResult:
    """Migrate one tenant's schema; never raises for a failing revision, it says so in the result."""
    started = time.monotonic()
    try:
        return await _migrate(database, trees / "tenant", tenant.schema, grant_to=tenant.role)
    except Exception as error:  # noqa: BLE001 - logged, reported and counted; the other tenants go on
        get_logger().exception("migration_failed", schema=tenant.schema)
        return MigrationResult(
            schema=tenant.schema,
            status="failed",
            from_revision=None,
            to_revision=None,
            seconds=time.monotonic() - started,
            error=str(error).splitlines()[0],
        )


async def _migrate(database: Database, tree: Path, schema: str, *, grant_to: str | None) -> MigrationResult:
    started = time.monotonic()
    config = alembic_config(tree, schema)
    head = ScriptDirectory.from_config(config).get_current_head()
    async with database.owner_transaction(schema) as session:
        before = await session.run_sync(_current_revision, schema)
        if before != head:
            await session.run_sync(_upgrade, config)
        if schema == "shared":
            login = (await session.execute(text("SELECT quote_ident(session_user)"))).scalar_one()
            await session.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA shared TO {login}"))
        elif grant_to is not None and before != head:
            # The version table is no tenant's business.
            await session.execute(text(f"REVOKE ALL ON {schema}.{VERSION_TABLE} FROM {grant_to}"))
    return MigrationResult(
        schema=schema,
        status="up_to_date" if before == head else "migrated",
        from_revision=before,
        to_revision=head,
        seconds=time.monotonic() - started,
    )


def alembic_config(tree: Path, schema: str) -> Config:
    """Alembic's configuration for one tree and one schema, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(tree))
    config.attributes["schema"] = schema
    return config


def _current_revision(connection: Connection, schema: str) -> str | None:
    context = MigrationContext.configure(
        connection, opts={"version_table": VERSION_TABLE, "version_table_schema": schema}
    )
    return context.get_current_revision()


def _upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
