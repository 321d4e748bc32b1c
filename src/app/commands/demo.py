"""`kuulolla demo`: everything on one machine with an embedded PostgreSQL and sample data; Ctrl-C stops it in order."""

import argparse
import asyncio
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import asyncpg

from app import demo
from app import settings as settings_module
from app.commands.output import Output, add
from app.main import build_services
from app.migrations import MIGRATIONS
from app.postgres import EmbeddedPostgres
from app.settings import Settings
from app.tenants import load_all
from integrations.mailfile.channel import list_mails
from kernel.errors import ConfigError, Problem
from tenancy import migrate, provision
from tenancy.registry import list_tenants
from tenancy.session import Database
from tenancy.tenant import Tenant
from web.site import TenantConfig

DATABASE = LOGIN = "kuulolla"
READY_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 30
SHOWN_MAILS = 5


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    command = add(commands, "demo", "start everything with sample data on this machine", "kuulolla demo")
    command.add_argument("--samples", type=Path, default=Path("demo"), help="folder with the sample feedback")
    command.set_defaults(run=run)


def run(chosen: argparse.Namespace, output: Output) -> int:
    """Start, print where it is, wait for Ctrl-C, stop in the opposite order."""
    folder = Path(os.environ.get("KUULOLLA_LOCAL_DIR", ".kuulolla")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    port = int(os.environ.get("KUULOLLA_PORT", "8000"))
    _require_free(port)
    with ExitStack() as stack:
        stopping = stack.enter_context(_until_signalled())
        server = stack.enter_context(EmbeddedPostgres(folder / "postgres"))
        settings = asyncio.run(_prepare(server, folder, port))
        configs = load_all(settings.config_dir, settings.base_domain)
        tenants = asyncio.run(_fill(settings, configs, chosen.samples, output))
        environment = _environment(settings)
        worker = stack.enter_context(_child("worker", environment, folder))
        service = stack.enter_context(_child("serve", environment, folder))
        _wait_until_ready(service, tenants[0].hosts[0], port)
        _announce(output, settings, configs, tenants, folder)
        while not stopping and service.poll() is None and worker.poll() is None:
            time.sleep(0.2)
        if not stopping:
            output.line(f"a process ended by itself; see {folder / 'serve.log'} and {folder / 'worker.log'}")
            return 1
    output.line("stopped")
    return 0


@contextmanager
def _until_signalled() -> Iterator[list[int]]:
    """A list that is no longer empty once somebody asked to stop."""
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    yield received
    for number, handler in before.items():
        signal.signal(number, handler)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            what, remedy = f"port {port} is in use", "stop what uses it, or set KUULOLLA_PORT"
            problem = Problem(file="environment", line=0, path="KUULOLLA_PORT", what=what, remedy=remedy)
            raise ConfigError((problem,)) from error


async def _prepare(server: EmbeddedPostgres, folder: Path, port: int) -> Settings:
    """Login role, database and settings; made once and kept."""
    secret = _kept(folder / "secret", 48)
    password = _kept(folder / "database-password", 24)
    admin = await asyncpg.connect(server.url())
    try:
        if not await admin.fetchval("select 1 from pg_roles where rolname = $1", LOGIN):
            await admin.execute(f"create role {LOGIN} login noinherit createrole password '{password}'")
        if not await admin.fetchval("select 1 from pg_database where datname = $1", DATABASE):
            await admin.execute(f"create database {DATABASE} owner {LOGIN}")
    finally:
        await admin.close()
    return settings_module.load(
        {
            "KUULOLLA_DATABASE_URL": server.url(DATABASE, LOGIN, password),
            "KUULOLLA_SECRET_KEY": secret,
            "KUULOLLA_CONFIG_DIR": os.environ.get("KUULOLLA_CONFIG_DIR", "config/tenants"),
            "KUULOLLA_BASE_DOMAIN": "localhost",
            "KUULOLLA_PORT": str(port),
            "KUULOLLA_PUBLIC_URL": f"http://{{host}}:{port}",
            "KUULOLLA_FILES_URL": (folder / "files").as_uri(),
            "KUULOLLA_MAIL_URL": (folder / "mail").as_uri(),
            "KUULOLLA_DEMO": "true",
        }
    )


def _kept(path: Path, size_bytes: int) -> str:
    """A secret that is made once and only its owner may read."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(size_bytes))
    return path.read_text().strip()


async def _fill(settings: Settings, configs: dict[str, TenantConfig], samples: Path, output: Output) -> list[Tenant]:
    """Migrate, provision every folder, and fill the tenants that are empty."""
    async with Database(settings.database_url, pool_size=2) as database:
        await migrate.migrate_shared(database, MIGRATIONS)
        known = {tenant.slug: tenant for tenant in await list_tenants(database)}
        for slug, config in configs.items():
            hosts = config.tenant.full_hosts(settings.base_domain)
            if slug not in known or known[slug].hosts != hosts:
                known[slug] = await provision.provision(database, slug, hosts)
            result = await migrate.migrate_tenant(database, MIGRATIONS, known[slug])
            if result.error:
                problem = Problem(file=result.schema, line=0, path="$", what=result.error, remedy="see the log")
                raise ConfigError((problem,))
        tenants = [known[slug] for slug in configs]
        counts = {tenant.slug: await demo.count(database, tenant) for tenant in tenants}
    empty = [tenant for tenant in tenants if counts[tenant.slug] == 0 and (samples / f"{tenant.slug}.yaml").is_file()]
    if empty:
        services = build_services(settings)
        async with services.database:
            for tenant in empty:
                output.line(f"filling {tenant.slug} with a year of feedback …")
                counts[tenant.slug] = await demo.fill(services, tenant, samples / f"{tenant.slug}.yaml")
    for slug, count in counts.items():
        output.line(f"{slug}: {count} feedbacks")
    return tenants


def _environment(settings: Settings) -> dict[str, str]:
    """What the child processes read their settings from."""
    names = (name for name in settings.__struct_fields__ if name != "sources" and settings.sources[name] != "default")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUULOLLA_")}
    return kept | {f"KUULOLLA_{name.upper()}": _as_text(getattr(settings, name)) for name in names}


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextmanager
def _child(command: str, environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of the processes, with its log in a file; asked to stop, and waited for, at the end."""
    with (folder / f"{command}.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "app.cli", command],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is ours to pass on, in order
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], host: str, port: int) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/health/ready", headers={"host": host})
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    problem = Problem(file="serve.log", line=0, path="$", what="the service did not start", remedy="read the log")
    raise ConfigError((problem,))


def _announce(
    output: Output, settings: Settings, configs: dict[str, TenantConfig], tenants: list[Tenant], folder: Path
) -> None:
    output.line()
    for tenant in tenants:
        address = settings.public_url.format(host=tenant.hosts[0])
        output.line(f"  {address}         residents and the public")
        output.line(f"  {address}/desk    staff:")
        for person in demo.people(configs[tenant.slug]):
            roles = sorted({grant.role.value for grant in person.grants})
            output.line(f"      {person.email:<48} {', '.join(roles)}")
    output.line(f"\n  password of all staff: {demo.PASSWORD}")
    output.line(f"  mail is written to {folder / 'mail'}, newest first:")
    for mail in list_mails(folder / "mail")[:SHOWN_MAILS]:
        output.line(f"      {mail.tenant}: {mail.recipient}: {mail.subject}")
    output.line("\n  Ctrl-C stops everything and keeps the data.")
    output.document({"status": "ready", "tenants": tenants, "mail": str(folder / "mail")})
