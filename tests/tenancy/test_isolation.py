"""PostgreSQL itself refuses one tenant's role on the other tenant's tables, and nothing crosses on a shared pool."""

import asyncio
import random

import asyncpg
import pytest
from sqlalchemy import text

from tenancy.registry import Registry
from tenancy.session import Database
from tenancy.tenant import Tenant

INSERT_STAFF = "INSERT INTO staff (email, name, language) VALUES ($1, $2, 'fi')"


async def test_a_tenants_role_is_refused_on_every_relation_of_the_other_tenant(
    database: Database, registry: Registry
) -> None:
    refused = 0
    for own, other in _both_ways(registry):
        async with database.owner_transaction() as session:
            relations = await session.fetch(
                "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind IN ('r', 'S')",
                other.schema,
            )
        assert len(relations) > 10
        for (relation,) in relations:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(own) as session:
                    await session.fetch(f"SELECT * FROM {other.schema}.{relation}")
            refused += 1
    assert refused > 20


async def test_a_tenants_role_has_no_right_in_the_catalogue_on_anything_that_is_not_its_own(
    database: Database, registry: Registry
) -> None:
    async with database.owner_transaction() as session:
        for own, other in _both_ways(registry):
            rows = await session.fetch(
                """
                SELECT c.oid::regclass::text, privilege FROM pg_class c,
                       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
                 WHERE c.relnamespace IN ($2::regnamespace, 'shared'::regnamespace) AND c.relkind = 'r'
                   AND has_table_privilege($1, c.oid, privilege)
                """,
                own.role,
                other.schema,
            )
            assert rows == []
            schemas = await session.fetch_row(
                "SELECT has_schema_privilege($1, $2, 'USAGE') OR has_schema_privilege($1, $2, 'CREATE')",
                own.role,
                other.schema,
            )
            assert schemas is not None
            assert schemas[0] is False


async def test_outside_a_transaction_of_a_tenant_the_login_role_reaches_no_tenants_table(
    database_url: str, registry: Registry
) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        for tenant in registry.all():
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM {tenant.schema}.feedback")
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("SELECT * FROM feedback")
    finally:
        await connection.close()


async def test_the_login_role_is_no_superuser(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user")
    finally:
        await connection.close()
    assert row is not None
    assert (row["rolsuper"], row["rolbypassrls"]) == (False, False)


@pytest.mark.parametrize("table", ["history", "audit", "routing_decision"])
async def test_a_tenants_role_can_add_to_an_append_only_table_but_neither_change_nor_remove(
    table: str, database: Database, registry: Registry
) -> None:
    for tenant in registry.all():
        for statement in (
            f"UPDATE {table} SET created_at = now()",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(tenant) as session:
                    await session.fetch(statement)


async def test_five_thousand_interleaved_transactions_on_two_connections_never_cross(
    database_url: str, database: Database, registry: Registry
) -> None:
    for tenant in registry.all():
        async with database.transaction(tenant) as session:
            await session.fetch(INSERT_STAFF, f"only@{tenant.slug}.test", tenant.slug)

    crossed: list[str] = []
    async with Database(database_url, pool_size=2, pool_timeout_seconds=60) as narrow:
        order = random.Random(245186)  # noqa: S311 - a repeatable shuffle

        async def read_both_ways(tenant_index: int) -> None:
            tenant = registry.all()[tenant_index]
            async with narrow.transaction(tenant, read_only=order.random() < 0.5) as session:
                raw = await session.fetch("SELECT name, current_user::text AS role FROM staff")
                core = (await session.execute(text("SELECT name FROM staff"))).scalars().all()
                if [row["name"] for row in raw] != [tenant.slug] or list(core) != [tenant.slug]:
                    crossed.append(f"{tenant.slug} read {raw} {core}")
                if raw[0]["role"] != tenant.role:
                    crossed.append(f"{tenant.slug} was {raw[0]['role']}")

        for _ in range(50):
            await asyncio.gather(*(read_both_ways(order.randrange(2)) for _ in range(100)))
    assert crossed == []


async def test_the_crossing_check_catches_a_search_path_that_outlives_its_transaction(
    database_url: str, registry: Registry
) -> None:
    """The check above can fail: a planted session-level SET is seen by the next user of the connection."""
    first, second = registry.all()
    async with Database(database_url, pool_size=1) as narrow:
        async with narrow.transaction(first) as session:
            await session.fetch(f"SET search_path = {first.schema}")
        async with narrow.platform_transaction() as session:
            pass
        connection = await narrow.engine.connect()
        path = (await connection.execute(text("SHOW search_path"))).scalar_one()
        await connection.close()
        assert path == first.schema
        async with narrow.transaction(second) as session:
            row = await session.fetch_row("SHOW search_path")
            assert row is not None
            assert row[0] == f"{second.schema}, pg_temp"


def _both_ways(registry: Registry) -> list[tuple[Tenant, Tenant]]:
    first, second = registry.all()
    return [(first, second), (second, first)]
