"""Conventions of the tables, asked of the catalogue; and that models and migrations say the same."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from app.migrations import models
from tenancy.registry import Registry
from tenancy.session import Database

SCHEMAS = ["shared", "t_kerava", "t_jarvenpaa"]
# (table) without created_at: Alembic's own.
TOLERATED = {"alembic_version"}


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_every_table_says_when_each_row_was_made(schema: str, pool: Database) -> None:
    async with pool.owner_transaction(schema) as session:
        rows = await session.fetch(
            """
            select c.relname from pg_class c where c.relnamespace = $1::regnamespace and c.relkind = 'r'
               and not exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'created_at'
                                  and a.atttypid = 'timestamptz'::regtype and a.attnotnull)
            """,
            schema,
        )
    assert {row[0] for row in rows} == TOLERATED


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_no_column_holds_a_time_without_its_zone(schema: str, pool: Database) -> None:
    async with pool.owner_transaction(schema) as session:
        rows = await session.fetch(
            "select attrelid::regclass::text, attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
            " where c.relnamespace = $1::regnamespace and a.atttypid = 'timestamp'::regtype",
            schema,
        )
    assert rows == []


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_every_foreign_key_has_an_index_and_stays_within_its_schema(schema: str, pool: Database) -> None:
    async with pool.owner_transaction(schema) as session:
        rows = await session.fetch(
            """
            select k.conname from pg_constraint k join pg_class c on c.oid = k.conrelid
             where k.contype = 'f' and k.connamespace = $1::regnamespace
               and (not exists (select 1 from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1])
                    or (select relnamespace from pg_class where oid = k.confrelid) <> $1::regnamespace)
            """,
            schema,
        )
    assert rows == []


@pytest.mark.parametrize("schema", SCHEMAS[1:])
async def test_a_tenants_schema_has_at_most_twenty_tables_and_no_types_of_its_own(schema: str, pool: Database) -> None:
    async with pool.owner_transaction(schema) as session:
        tables = await session.fetch(
            "select 1 from pg_class where relnamespace = $1::regnamespace and relkind = 'r'", schema
        )
        types = await session.fetch(
            "select typname from pg_type where typnamespace = $1::regnamespace and typtype in ('e', 'd')", schema
        )
    assert len(tables) <= 20
    assert types == []


async def test_models_and_migrations_describe_the_same_tables(pool: Database, registry: Registry) -> None:
    def differences(connection: Connection, schema: str) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table_schema": schema,
                "include_name": lambda name, kind, _: kind != "table" or name != "alembic_version",
            },
        )
        return [
            f"{change[0]} {getattr(change[1], 'name', change[1:])}"
            for change in compare_metadata(context, models.TENANT)
        ]

    for tenant in registry.all():
        async with pool.owner_transaction(tenant.schema) as session:
            assert await session.run_sync(differences, tenant.schema) == []
