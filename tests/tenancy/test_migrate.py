"""Migrating all tenants: a result each, one failure stops nobody else, and the next run takes up what is left."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.migrations import MIGRATIONS
from conftest import drop_database, make_database
from kernel.errors import ConfigError, Conflict, NotFound
from tenancy import migrate, provision
from tenancy.registry import list_tenants
from tenancy.session import Database


@pytest.fixture
async def fresh(postgres_url: str) -> AsyncIterator[Database]:
    url = await make_database(postgres_url, f"m{secrets.token_hex(4)}")
    database = Database(url, pool_size=3)
    await migrate.migrate_shared(database, MIGRATIONS)
    yield database
    await database.close()
    await drop_database(postgres_url, url)


async def test_each_tenant_is_migrated_once_and_the_second_run_finds_it_up_to_date(fresh: Database) -> None:
    async with fresh:
        for slug in ("first", "second"):
            await provision.provision(fresh, slug, [f"{slug}.test"])
        tenants = await list_tenants(fresh)
        once = await migrate.migrate_all(fresh, MIGRATIONS, tenants)
        again = await migrate.migrate_all(fresh, MIGRATIONS, tenants)
        shared = await migrate.migrate_shared(fresh, MIGRATIONS)
    assert [result.status for result in once] == ["migrated", "migrated"]
    assert [result.status for result in again] == ["up_to_date", "up_to_date"]
    assert shared.status == "up_to_date"


async def test_a_tenant_that_fails_is_reported_changes_nothing_and_the_next_run_resumes_it(fresh: Database) -> None:
    async with fresh:
        for slug in ("broken", "whole"):
            await provision.provision(fresh, slug, [f"{slug}.test"])
        async with fresh.owner_transaction("t_broken") as session:
            await session.fetch("create table t_broken.photo (in_the_way int)")
        tenants = await list_tenants(fresh)
        results = {result.schema: result for result in await migrate.migrate_all(fresh, MIGRATIONS, tenants)}
        assert results["t_broken"].status == "failed"
        assert "photo" in (results["t_broken"].error or "")
        assert results["t_whole"].status == "migrated"
        async with fresh.owner_transaction("t_broken") as session:
            left = await session.fetch("select relname from pg_class where relnamespace = 't_broken'::regnamespace")
            assert [row[0] for row in left] == ["photo"], "the failed tenant's transaction left nothing behind"
            await session.fetch("drop table t_broken.photo")
        results = {result.schema: result for result in await migrate.migrate_all(fresh, MIGRATIONS, tenants)}
        assert {schema: result.status for schema, result in results.items()} == {
            "t_broken": "migrated",
            "t_whole": "up_to_date",
        }


async def test_provisioning_again_changes_only_the_hosts(fresh: Database) -> None:
    async with fresh:
        first = await provision.provision(fresh, "town", ["town.test"])
        second = await provision.provision(fresh, "town", ["TOWN.test", "palaute.town.test"])
        [tenant] = await list_tenants(fresh)
    assert (first.schema, first.role) == (second.schema, second.role)
    assert tenant.hosts == ("town.test", "palaute.town.test")


async def test_a_host_of_another_tenant_is_refused(fresh: Database) -> None:
    async with fresh:
        await provision.provision(fresh, "town", ["town.test"])
        with pytest.raises(Conflict, match="host_taken"):
            await provision.provision(fresh, "village", ["village.test", "Town.test"])
        assert [tenant.slug for tenant in await list_tenants(fresh)] == ["town"]


async def test_suspending_what_does_not_exist_is_not_found(fresh: Database) -> None:
    async with fresh:
        with pytest.raises(NotFound):
            await provision.suspend(fresh, "nowhere", "no reason")


@pytest.mark.parametrize("slug", ["", "Town", "9town", "a-b", 'a"; drop schema shared; --', "pg_town", "a" * 41, "ä"])
async def test_a_name_that_would_need_quoting_is_no_slug(slug: str, fresh: Database) -> None:
    async with fresh:
        with pytest.raises(ValueError, match="cannot name a tenant"):
            await provision.provision(fresh, slug, ["x.test"])


async def test_a_login_role_that_may_not_make_roles_is_told_what_it_lacks(postgres_url: str) -> None:
    url = await make_database(postgres_url, name := f"m{secrets.token_hex(4)}")
    admin = await asyncpg.connect(postgres_url)
    await admin.execute(f"ALTER ROLE {name}_login NOCREATEROLE")
    await admin.close()
    async with Database(url) as database:
        with pytest.raises(ConfigError, match="CREATEROLE"):
            await migrate.migrate_shared(database, MIGRATIONS)
    await drop_database(postgres_url, url)
