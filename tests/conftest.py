"""One real PostgreSQL for the run, migrated by the real migrations; two tenants in every test that has a database.

PostgreSQL: `KUULOLLA_TEST_DATABASE_URL` (a superuser's), else a container where a Docker engine answers, else the
embedded server. Each xdist worker has a database of its own, owned by a login role that is not a superuser.
"""

import asyncio
import dataclasses
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx
import pytest
from sqlalchemy.engine import make_url

from app.front import Front
from app.main import build_services, create_app
from app.postgres import EmbeddedPostgres
from app.settings import Settings
from kernel.clock import FixedClock
from tenancy import migrate, provision
from tenancy.registry import Registry, list_tenants
from tenancy.session import Database
from web.site import Services

ROOT = Path(__file__).parent.parent
TREES = ROOT / "src" / "app" / "migrations"
CONFIG = ROOT / "config" / "tenants"
TENANT_HOSTS = {"kerava": ["kerava.test"], "jarvenpaa": ["jarvenpaa.test"]}


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A superuser's URL on the server of this run."""
    named = os.environ.get("KUULOLLA_TEST_DATABASE_URL")
    if named:
        yield named
        return
    if _docker_answers():
        from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - only with Docker

        with PostgresContainer("postgres:18", driver=None) as container:
            yield container.get_connection_url()
        return
    # A short path of its own: tests may run as root, and PostgreSQL's process must be able to enter it.
    directory = Path(tempfile.mkdtemp(prefix="kuulolla-test-"))
    directory.chmod(0o755)
    try:
        with EmbeddedPostgres(directory, settings={"fsync": "off", "max_connections": "60"}) as server:
            yield server.url()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    asked = subprocess.run([docker, "info"], capture_output=True, check=False, timeout=10)
    return asked.returncode == 0


async def make_database(superuser_url: str, name: str) -> str:
    """A database owned by a login role of its own that may make roles and is no superuser; its URL."""
    admin = await asyncpg.connect(superuser_url)
    login, password = f"{name}_login", secrets.token_hex(8)
    try:
        await admin.execute(f"CREATE ROLE {login} LOGIN NOINHERIT CREATEROLE PASSWORD '{password}'")
        await admin.execute(f"CREATE DATABASE {name} OWNER {login} TEMPLATE template0 ENCODING 'UTF8'")
    finally:
        await admin.close()
    url = make_url(superuser_url).set(username=login, password=password, database=name, drivername="postgresql")
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def database_url(postgres_url: str) -> Iterator[str]:
    """URL of a migrated database with both tenants provisioned, as the login role; dropped at the end."""
    url = asyncio.run(_prepare(postgres_url))
    yield url
    asyncio.run(drop_database(postgres_url, url))


async def drop_database(superuser_url: str, url: str) -> None:
    """Remove a database of `make_database` with its roles: the server may be somebody's own."""
    name = make_url(url).database
    admin = await asyncpg.connect(superuser_url)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for (role,) in await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname LIKE $1", f"{name}%"):
            await admin.execute(f"DROP ROLE {role}")
    finally:
        await admin.close()


async def _prepare(superuser_url: str) -> str:
    url = await make_database(superuser_url, f"k{secrets.token_hex(4)}")
    async with Database(url) as database:
        await migrate.migrate_shared(database, TREES)
        for slug, hosts in TENANT_HOSTS.items():
            tenant = await provision.provision(database, slug, hosts)
            result = await migrate.migrate_tenant(database, TREES, tenant)
            assert result.status == "migrated", result
    return url


@pytest.fixture(scope="session")
async def pool(database_url: str) -> AsyncIterator[Database]:
    """The connection pool that tests share."""
    async with Database(database_url, pool_size=10) as database:
        yield database


@pytest.fixture(scope="session")
async def registry(pool: Database) -> Registry:
    """Both tenants."""
    return Registry(await list_tenants(pool))


@pytest.fixture
async def database(pool: Database, registry: Registry) -> AsyncIterator[Database]:
    """The pool, and both tenants' tables emptied after the test; commits are real."""
    yield pool
    for tenant in registry.all():
        await empty(pool, tenant.schema)


async def empty(database: Database, schema: str) -> None:
    """Empty every table of a tenant's schema."""
    async with database.owner_transaction(schema) as session:
        await session.fetch(
            f"""
            DO $$ DECLARE tables text; BEGIN
              SELECT string_agg(format('{schema}.%I', tablename), ', ') INTO tables
                FROM pg_tables WHERE schemaname = '{schema}' AND tablename <> 'alembic_version';
              EXECUTE 'TRUNCATE ' || tables || ' RESTART IDENTITY';
            END $$
            """
        )


NOON = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
"""A Tuesday, noon in Finland: when every test begins unless it moves the clock."""


@pytest.fixture(scope="session")
def clock() -> FixedClock:
    """The clock of the application under test; set back to noon before each test that has a database."""
    return FixedClock(NOON)


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings as an operator would give them, for this run's database."""
    return Settings(
        database_url=database_url,
        secret_key="a secret of the tests, long enough to be one",
        config_dir=CONFIG,
        base_domain="test",
        files_url=tmp_path_factory.mktemp("files").as_uri(),
        mail_url=tmp_path_factory.mktemp("mail").as_uri(),
        page_cache_seconds=0,
    )


@pytest.fixture(scope="session")
async def services(settings: Settings, clock: FixedClock, pool: Database, registry: Registry) -> Services:
    """The process's services, on the shared pool."""
    made = build_services(settings, clock=clock)
    await made.database.close()
    return dataclasses.replace(made, database=pool, registry=registry)


@pytest.fixture(scope="session")
def app(settings: Settings, services: Services) -> Front:
    """The application, without a server before it."""
    return create_app(settings, services)


@pytest.fixture
async def clients(
    app: Front, database: Database, clock: FixedClock
) -> AsyncIterator[Callable[[str], httpx.AsyncClient]]:
    """Browsers: `clients("kerava")` is a new one on that city's host, with a cookie jar of its own."""
    del database  # asked for so that the tables are emptied afterwards
    clock.set(NOON)
    opened: list[httpx.AsyncClient] = []

    def open_client(slug: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app, raise_app_exceptions=False),
            base_url=f"https://{TENANT_HOSTS[slug][0]}",
            headers={"accept": "text/html", "accept-language": "fi"},
        )
        opened.append(client)
        return client

    yield open_client
    for client in opened:
        await client.aclose()
