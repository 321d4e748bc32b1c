"""The only begin and commit in the system, and the only way to a tenant's rows.

`Database.transaction(tenant)` enters the tenant's role and search path in the same round trip as `BEGIN`, at the first
statement: a request that is refused before it needs data costs the database nothing. Every `SET` is `LOCAL`, so a
connection belongs to nobody again after the commit, also behind PgBouncer in transaction mode (ADR 0001, ADR 0002).
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import asyncpg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from kernel.errors import Temporary
from tenancy.tenant import Tenant, owner_role_name

STATEMENT_TIMEOUT_MS = 15_000
_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
Params = Mapping[str, Any] | Sequence[Mapping[str, Any]]
T = TypeVar("T")
S = TypeVar("S", bound="_Session")


class _Session:
    """A transaction that begins at its first statement and is ended only by the `Database` that made it."""

    def __init__(self, engine: AsyncEngine, begin: str) -> None:
        self._engine = engine
        self._tries = engine.pool.size() + 1  # type: ignore[attr-defined]  # a queue pool has a size
        self._begin = begin
        self._connection: AsyncConnection | None = None
        self._driver: asyncpg.Connection[Any] | None = None
        self._after_commit: list[Callable[[], None]] = []
        self.round_trips = 0
        """How often this transaction went to the server: begin and commit included, first-time prepares not."""

    async def execute(self, statement: Executable, parameters: Params | None = None) -> CursorResult[Any]:
        """Run a SQLAlchemy Core statement."""
        connection = self._connection or await self._open()
        self.round_trips += 1
        with _lost_is_temporary():
            return await connection.execute(statement, parameters)

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of a hand-written statement (`$1` placeholders), past SQLAlchemy: for hot paths (ADR 0002)."""
        driver = await self._open_driver()
        self.round_trips += 1
        with _lost_is_temporary():
            rows: list[asyncpg.Record] = await driver.fetch(sql, *arguments)
        return rows

    async def fetch_row(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """First row of a hand-written statement, or None."""
        rows = await self.fetch(sql, *arguments)
        return rows[0] if rows else None

    async def run_sync(self, function: Callable[..., T], *arguments: Any) -> T:
        """Hand the connection to synchronous code (Alembic)."""
        connection = self._connection or await self._open()
        return await connection.run_sync(function, *arguments)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run this once the commit has succeeded; for things of this process only (caches), never for side effects."""
        self._after_commit.append(action)

    async def _open_driver(self) -> "asyncpg.Connection[Any]":
        if self._driver is None:
            await self._open()
        assert self._driver is not None  # noqa: S101 - _open sets it or raises
        return self._driver

    async def _open(self) -> AsyncConnection:
        """Take a connection and begin. Raises Temporary when there is none to be had.

        After a restart of the database every pooled connection is dead. Nothing has run on it yet, so the next one is
        tried, until one is new: connecting anew then tells the truth.
        """
        for _ in range(self._tries - 1):
            connection = await self._take()
            with suppress(Temporary):
                return await self._begin_on(connection)
        return await self._begin_on(await self._take())

    async def _take(self) -> AsyncConnection:
        try:
            return await self._engine.connect()
        except (OSError, TimeoutError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Temporary("database_unavailable") from error

    async def _begin_on(self, connection: AsyncConnection) -> AsyncConnection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            self.round_trips += 1
            with _lost_is_temporary():
                await driver.execute(self._begin)
        except BaseException:
            await _throw_away(connection, driver)
            await connection.close()
            raise
        self._connection, self._driver = connection, driver
        return connection

    async def _end(self, *, commit: bool) -> None:
        """Commit or roll back. A connection that could not do it is thrown away, never given to the next request."""
        connection, driver = self._connection, self._driver
        self._connection = self._driver = None
        if connection is None or driver is None:
            if commit:
                self._run_after_commit()
            return
        try:
            self.round_trips += 1
            with _lost_is_temporary():
                tag = await driver.execute("COMMIT" if commit else "ROLLBACK")
            if commit:
                _require_commit(tag)
        except Temporary:
            await _throw_away(connection, driver)
            if commit:
                raise
            # A rollback on a lost connection has happened by itself; what made it necessary is on its way already.
        except BaseException:
            await _throw_away(connection, driver)
            raise
        finally:
            await connection.close()
        if commit:
            self._run_after_commit()

    def _run_after_commit(self) -> None:
        for action in self._after_commit:
            action()


async def _throw_away(connection: AsyncConnection, driver: Any) -> None:
    """Nobody gets this connection again, and its socket is closed now, not when the garbage collector comes by."""
    driver.terminate()
    await connection.invalidate()


@contextmanager
def _lost_is_temporary() -> Iterator[None]:
    """A connection that broke under a statement is no bug: it may work again in a moment."""
    try:
        yield
    except DBAPIError as error:
        if not error.connection_invalidated and not isinstance(_driver_error(error), _LOST):
            raise
        raise Temporary("database_unavailable") from error
    except _LOST as error:
        raise Temporary("database_unavailable") from error


def _driver_error(error: DBAPIError) -> BaseException | None:
    """What asyncpg said, beneath what SQLAlchemy made of it."""
    return error.orig.__cause__ if error.orig is not None else None


def _require_commit(tag: str) -> None:
    # PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, and no error.
    if tag != "COMMIT":
        raise AssertionError(f"the transaction had failed before its commit: {tag}")


class TenantSession(_Session):
    """A transaction inside one tenant. Repositories accept nothing else."""

    def __init__(self, engine: AsyncEngine, tenant: Tenant, begin: str) -> None:
        super().__init__(engine, begin)
        self.tenant = tenant


class PlatformSession(_Session):
    """A transaction on the schema `shared`, or as the owner of all schemas: registry, provisioning, migrations."""


class _Transaction(Generic[S]):
    """`async with`: commits when the block ends, rolls back when it raises."""

    __slots__ = ("_session",)

    def __init__(self, session: S) -> None:
        self._session = session

    async def __aenter__(self) -> S:
        return self._session

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session._end(commit=kind is None)  # noqa: SLF001 - the one place that ends it


class Database:
    """The connection pool of one process, and the transactions on it."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        pool_timeout_seconds: float = 5.0,
        statement_cache_size: int = 1000,
        application_name: str = "kuulolla",
    ) -> None:
        """`statement_cache_size` 0 switches both statement caches off, as PgBouncer in transaction mode needs."""
        parsed = make_url(url).set(drivername="postgresql+asyncpg")
        if not parsed.database:
            raise ValueError("the database URL names no database: postgresql://user:password@host:port/database")
        self.name = parsed.database
        self.owner_role = owner_role_name(self.name)
        self.engine = create_async_engine(
            parsed,
            hide_parameters=True,  # an error in the log must not hold what a resident wrote
            isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are ours: one round trip with the role and the path
            poolclass=AsyncAdaptedQueuePool,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=pool_timeout_seconds,
            pool_reset_on_return=None,  # nothing outlives a transaction; asyncpg's reset would cost 11-13 % (measured)
            connect_args={
                "statement_cache_size": statement_cache_size,
                "prepared_statement_cache_size": statement_cache_size,
                "timeout": 5,
                "server_settings": {"application_name": application_name},
            },
        )
        self._begin: dict[tuple[str, bool], str] = {}

    def transaction(self, tenant: Tenant, *, read_only: bool = False) -> _Transaction[TenantSession]:
        """A transaction as the tenant's role on the tenant's schema."""
        key = (tenant.slug, read_only)
        begin = self._begin.get(key)
        if begin is None:
            begin = self._begin[key] = (
                f"BEGIN{' READ ONLY' if read_only else ''}; SET LOCAL ROLE {tenant.role}; "
                f"SET LOCAL search_path = {tenant.schema}, pg_temp; "
                f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}; "
                f"SET LOCAL idle_in_transaction_session_timeout = {STATEMENT_TIMEOUT_MS}"
            )
        return _Transaction(TenantSession(self.engine, tenant, begin))

    def platform_transaction(self) -> _Transaction[PlatformSession]:
        """A transaction as the login role, on the schema `shared` only."""
        return _Transaction(PlatformSession(self.engine, "BEGIN; SET LOCAL search_path = shared, pg_temp"))

    def owner_transaction(
        self, schema: str = "shared", *, as_owner: bool = True, lock_timeout_ms: int = 5_000
    ) -> _Transaction[PlatformSession]:
        """A transaction as the owner of all schemas: migrations and provisioning.

        `as_owner=False` stays the login role, for what only it may do: making roles.
        """
        role = f"SET LOCAL ROLE {self.owner_role}; " if as_owner else ""
        begin = f"BEGIN; {role}SET LOCAL search_path = {schema}, pg_temp; SET LOCAL lock_timeout = {lock_timeout_ms}"
        return _Transaction(PlatformSession(self.engine, begin))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @asynccontextmanager
    async def listen(self, channel: str, heard: Callable[[str], None]) -> AsyncIterator["asyncpg.Connection[Any]"]:
        """A connection of its own that calls `heard(payload)`; PgBouncer in transaction mode cannot carry it."""
        url = self.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(url, timeout=5, statement_cache_size=0)
        try:
            await connection.add_listener(channel, lambda *event: heard(str(event[3])))
            yield connection
        finally:
            await connection.close()
