"""Transactions: when they begin, that they end, and what they leave behind."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest
from sqlalchemy import text

from kernel.errors import Temporary
from tenancy.registry import Registry
from tenancy.session import Database

# asyncpg complains when a connection that was killed from outside is collected; here that is the point, and it must not
# be held against the test that happens to run when the collector does.
KILLS = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
async def collected() -> AsyncIterator[None]:
    """What the test leaves behind is collected before the next one begins."""
    yield
    await asyncio.sleep(0.05)
    gc.collect()


def kills(test: Callable[..., object]) -> Callable[..., object]:
    """A test that kills connections."""
    for mark in KILLS:
        test = mark(test)
    return test


INSERT_STAFF = "INSERT INTO staff (email, name, language) VALUES ('a@example.org', 'A', 'fi')"


async def count_staff(database: Database, registry: Registry, slug: str) -> int:
    async with database.transaction(registry.by_slug(slug), read_only=True) as session:
        return int((await session.execute(text("SELECT count(*) FROM staff"))).scalar_one())


async def test_a_transaction_without_a_statement_never_goes_to_the_database(
    database: Database, registry: Registry
) -> None:
    async with database.transaction(registry.all()[0]) as session:
        pass
    assert session.round_trips == 0


async def test_begin_with_role_and_path_is_one_round_trip_and_commit_another(
    database: Database, registry: Registry
) -> None:
    async with database.transaction(registry.all()[0]) as session:
        await session.fetch("SELECT 1")
    assert session.round_trips == 3


async def test_what_was_written_is_there_after_the_block_and_only_in_that_tenant(
    database: Database, registry: Registry
) -> None:
    async with database.transaction(registry.by_slug("kerava")) as session:
        await session.fetch(INSERT_STAFF)
    assert await count_staff(database, registry, "kerava") == 1
    assert await count_staff(database, registry, "jarvenpaa") == 0


async def test_an_error_in_the_block_undoes_everything_and_is_not_swallowed(
    database: Database, registry: Registry
) -> None:
    async def write_and_fail() -> None:
        async with database.transaction(registry.by_slug("kerava")) as session:
            await session.fetch(INSERT_STAFF)
            raise RuntimeError("the mail server is on fire")

    with pytest.raises(RuntimeError, match="on fire"):
        await write_and_fail()
    assert await count_staff(database, registry, "kerava") == 0


async def test_a_commit_that_postgresql_turns_into_a_rollback_is_an_error(
    database: Database, registry: Registry
) -> None:
    async def commit_after_a_hidden_failure() -> None:
        async with database.transaction(registry.by_slug("kerava")) as session:
            await session.fetch(INSERT_STAFF)
            with pytest.raises(asyncpg.UniqueViolationError):
                await session.fetch(INSERT_STAFF)

    with pytest.raises(AssertionError, match="had failed before its commit"):
        await commit_after_a_hidden_failure()


@kills
async def test_a_cancelled_transaction_is_undone_and_its_connection_is_not_reused_half_way(
    database_url: str, registry: Registry
) -> None:
    async with Database(database_url, pool_size=1) as narrow:

        async def sleep_inside() -> None:
            async with narrow.transaction(registry.by_slug("kerava")) as session:
                await session.fetch(INSERT_STAFF)
                await session.fetch("SELECT pg_sleep(30)")

        task = asyncio.create_task(sleep_inside())
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await count_staff(narrow, registry, "kerava") == 0


async def test_a_read_only_transaction_refuses_a_write(database: Database, registry: Registry) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.transaction(registry.by_slug("kerava"), read_only=True) as session:
            await session.fetch(INSERT_STAFF)


async def test_the_connection_is_nobodys_after_the_commit(database_url: str, registry: Registry) -> None:
    async with Database(database_url, pool_size=1) as narrow:
        async with narrow.transaction(registry.by_slug("kerava")) as session:
            await session.fetch("SELECT 1")
        connection = await narrow.engine.connect()
        row = (
            await connection.execute(text("SELECT current_user = session_user, current_setting('search_path')"))
        ).one()
        await connection.close()
    assert tuple(row) == (True, '"$user", public')


async def test_actions_after_the_commit_run_only_when_it_succeeded(database: Database, registry: Registry) -> None:
    done: list[str] = []
    async with database.transaction(registry.by_slug("kerava")) as session:
        await session.fetch("SELECT 1")
        session.after_commit(lambda: done.append("committed"))
        assert done == []
    assert done == ["committed"]

    async def fail() -> None:
        async with database.transaction(registry.by_slug("kerava")) as session:
            session.after_commit(lambda: done.append("never"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert done == ["committed"]


@kills
async def test_a_database_that_does_not_answer_is_a_temporary_error(registry: Registry) -> None:
    async with Database("postgresql://nobody:x@127.0.0.1:9/nowhere") as nowhere:
        with pytest.raises(Temporary):
            async with nowhere.transaction(registry.by_slug("kerava")) as session:
                await session.fetch("SELECT 1")


async def kill_connections(postgres_url: str) -> None:
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'")
    finally:
        await admin.close()
    await asyncio.sleep(0.1)


@kills
async def test_pooled_connections_that_died_meanwhile_are_replaced_without_an_error(
    postgres_url: str, database_url: str, registry: Registry
) -> None:
    kerava = registry.by_slug("kerava")
    async with Database(database_url, pool_size=3, application_name="victim") as victim:

        async def read() -> None:
            async with victim.transaction(kerava) as session:
                await session.fetch("SELECT pg_sleep(0.05)")

        await asyncio.gather(*(read() for _ in range(3)))
        await kill_connections(postgres_url)
        await asyncio.gather(*(read() for _ in range(3)))


@kills
async def test_a_connection_that_dies_under_a_statement_is_a_temporary_error_and_nothing_is_kept(
    postgres_url: str, database_url: str, database: Database, registry: Registry
) -> None:
    kerava = registry.by_slug("kerava")
    async with Database(database_url, pool_size=1, application_name="victim") as victim:

        async def write_and_die(*, through_core: bool) -> None:
            async with victim.transaction(kerava) as session:
                await session.fetch(INSERT_STAFF)
                await kill_connections(postgres_url)
                if through_core:
                    await session.execute(text("SELECT 1"))
                else:
                    await session.fetch("SELECT 1")

        for through_core in (True, False):
            with pytest.raises(Temporary):
                await write_and_die(through_core=through_core)

        async def write_and_die_at_commit() -> None:
            async with victim.transaction(kerava) as session:
                await session.fetch(INSERT_STAFF)
                await kill_connections(postgres_url)

        with pytest.raises(Temporary):
            await write_and_die_at_commit()
    assert await count_staff(database, registry, "kerava") == 0


async def test_an_argument_the_driver_refuses_is_a_bug_and_not_an_outage(registry: Registry, pool: Database) -> None:
    with pytest.raises(asyncpg.DataError, match="invalid input"):
        async with pool.transaction(registry.by_slug("kerava")) as session:
            await session.fetch("SELECT $1::int", "no number")
