"""Behind PgBouncer in transaction mode a server connection is somebody else's after every commit; nothing crosses."""

import asyncio
import os
import pwd
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.postgres import free_port
from app.settings import Settings
from support.interleaving import interleave, misplaced
from tenancy.registry import Registry
from tenancy.session import Database
from web.site import Services

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")

pytestmark = [
    pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed (tools/debian-packages.txt)"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def pooled_url(database_url: str) -> Iterator[str]:
    """The test database through PgBouncer, with two server connections for everybody."""
    url = make_url(database_url)
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="kuulolla-bouncer-"))
    (folder / "users.txt").write_text(f'"{url.username}" "{url.password}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n{url.database} = host={url.host} port={url.port} dbname={url.database}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
        f"auth_file = {folder}/users.txt\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\n"
        f"ignore_startup_parameters = extra_float_digits\nlogfile = {folder}/log\npidfile = {folder}/pid\n"
    )
    command = [str(PGBOUNCER)]
    if os.getuid() == 0:  # it refuses root
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        command += ["-u", "nobody"]
    process = subprocess.Popen([*command, str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL)
    pooled = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
    deadline = time.monotonic() + 10
    while not asyncio.run(_answers(pooled)):
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.1)
    yield pooled
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


async def _answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url, statement_cache_size=0, timeout=2)
    except (OSError, asyncpg.PostgresError, TimeoutError):
        return False
    await connection.close()
    return True


@pytest.fixture
async def pooled(pooled_url: str) -> AsyncIterator[Database]:
    async with Database(pooled_url, pool_size=20, pool_timeout_seconds=60, statement_cache_size=0) as made:
        yield made


async def test_five_thousand_interleaved_transactions_on_two_server_connections_never_cross(
    pooled: Database, database: Database, registry: Registry
) -> None:
    for tenant in registry.all():
        async with database.transaction(tenant) as session:
            await session.fetch(
                "INSERT INTO staff (email, name, language) VALUES ($1, $2, 'fi')", "a@x.test", tenant.slug
            )
    crossed: list[str] = []
    backends: dict[int, set[str]] = {}
    order = random.Random(245186)  # noqa: S311 - a repeatable shuffle

    async def read_both_ways() -> None:
        tenant = registry.all()[order.randrange(2)]
        async with pooled.transaction(tenant, read_only=order.random() < 0.5) as session:
            [raw] = await session.fetch(
                "SELECT name, current_user::text AS role, pg_backend_pid() AS backend FROM staff"
            )
            core = (await session.execute(text("SELECT name FROM staff"))).scalars().all()
        backends.setdefault(raw["backend"], set()).add(tenant.slug)
        if (raw["name"], raw["role"], list(core)) != (tenant.slug, tenant.role, [tenant.slug]):
            crossed.append(f"{tenant.slug} read {raw} {core}")

    for _ in range(50):
        await asyncio.gather(*(read_both_ways() for _ in range(100)))
    assert crossed == []
    assert len(backends) <= 2
    assert all(len(slugs) == 2 for slugs in backends.values()), "both cities used each server connection"


async def test_a_setting_that_outlives_its_transaction_would_be_seen(pooled_url: str, registry: Registry) -> None:
    """The check above can fail: a planted session-level SET reaches the next client."""
    first = registry.all()[0]
    planter, victim = [await asyncpg.connect(pooled_url, statement_cache_size=0) for _ in range(2)]
    try:
        for _ in range(4):
            await planter.execute(f"SET search_path = {first.schema}")
        paths = {await victim.fetchval("SHOW search_path") for _ in range(8)}
        assert first.schema in paths
    finally:
        for _ in range(8):
            await planter.execute("RESET ALL")
        await planter.close()
        await victim.close()


@pytest.mark.timeout(300)
async def test_five_thousand_interleaved_requests_on_two_server_connections_never_cross(
    pooled: Database, database: Database, settings: Settings, services: Services
) -> None:
    del database  # asked for so that the tables are emptied afterwards
    found = await interleave(settings, services, pooled, requests=5_000)
    assert found.crossed == []
    assert found.asked.total() == 5_000
    assert min(found.asked.values()) > 50, "every request was made in both cities"
    assert len(found.asked) == 10
    assert await misplaced(services) == []
