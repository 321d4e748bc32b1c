"""A whole installation for measurements: PostgreSQL with fsync, both example tenants, the service as in production."""

import asyncio
import http.client
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from app.main import build_services
from app.migrations import MIGRATIONS
from app.postgres import EmbeddedPostgres, free_port
from app.settings import Settings, load
from auth.accounts import NewStaff, create_staff
from auth.actor import Grant, Role, Staff, System
from feedback import intake
from feedback.submission import Submission
from publication import service as publication
from tenancy import migrate, provision
from tenancy.session import Database
from web.site import Services

ROOT = Path(__file__).parent.parent
TENANTS = ("kerava", "jarvenpaa")
WORKERS = 2
PUBLISHED = 220
MEASURER = System("bench")


@dataclass(frozen=True)
class Installation:
    """What runs, and how to reach it."""

    postgres: EmbeddedPostgres | None
    """None when the database is on somebody's own server."""
    admin_url: str
    """The database, as a superuser."""
    settings: Settings
    environment: dict[str, str]

    @property
    def port(self) -> int:
        """Of the service."""
        return self.settings.port


@contextmanager
def installation(
    superuser_url: str | None = None, *, server_settings: dict[str, str] | None = None
) -> Iterator[Installation]:
    """Everything but the service, on a fresh directory; the database in an embedded server, or in the one named."""
    folder = Path(tempfile.mkdtemp(prefix="kuulolla-bench-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = None
        if superuser_url is None:
            made = EmbeddedPostgres(folder / "postgres", settings={"max_connections": "200"} | (server_settings or {}))
            server = stack.enter_context(made)
            superuser_url = server.url()
        name, password = f"bench_{secrets.token_hex(4)}", secrets.token_hex(12)
        admin = make_url(superuser_url).set(drivername="postgresql")
        own = admin.set(username=name, password=password, database=name)
        environment = {
            "KUULOLLA_DATABASE_URL": own.render_as_string(hide_password=False),
            "KUULOLLA_SECRET_KEY": secrets.token_urlsafe(48),
            "KUULOLLA_CONFIG_DIR": str(ROOT / "config" / "tenants"),
            "KUULOLLA_FILES_URL": (folder / "files").as_uri(),
            "KUULOLLA_MAIL_URL": (folder / "mail").as_uri(),
            "KUULOLLA_PORT": str(free_port()),
            "KUULOLLA_WORKERS": str(WORKERS),
        }
        settings = load(environment)
        if server is None:
            stack.callback(lambda: asyncio.run(_remove(admin.render_as_string(hide_password=False), name)))
        asyncio.run(_prepare(admin.render_as_string(hide_password=False), settings, name, password))
        admin_url = admin.set(database=name).render_as_string(hide_password=False)
        yield Installation(server, admin_url, settings, environment)


async def _remove(superuser_url: str, name: str) -> None:
    admin = await asyncpg.connect(superuser_url)
    try:
        await admin.execute(f"drop database if exists {name} with (force)")
        for (role,) in await admin.fetch("select rolname from pg_roles where starts_with(rolname, $1)", name):
            await admin.execute(f"drop role {role}")
    finally:
        await admin.close()


async def _prepare(superuser_url: str, settings: Settings, name: str, password: str) -> None:
    admin = await asyncpg.connect(superuser_url)
    try:
        await admin.execute(f"create role {name} login noinherit createrole password '{password}'")
        await admin.execute(f"create database {name} owner {name} template template0 encoding 'UTF8'")
    finally:
        await admin.close()
    async with Database(settings.database_url, pool_size=2) as database:
        await migrate.migrate_shared(database, MIGRATIONS)
        for slug in TENANTS:
            tenant = await provision.provision(database, slug, [f"{slug}.localhost"])
            result = await migrate.migrate_tenant(database, MIGRATIONS, tenant)
            if result.error:
                raise RuntimeError(result.error)


async def fill_public_list(settings: Settings) -> None:
    """Publish enough for a full first page and more behind it."""
    services = build_services(settings)
    async with services.database:
        await services.registry.refresh(services.database)
        for slug in TENANTS:
            await _publish(services, slug)


async def _publish(services: Services, slug: str) -> None:
    tenant = services.registry.by_slug(slug)
    config = services.config_of(tenant)
    async with services.database.transaction(tenant) as session:
        new = NewStaff(email="publisher@example.org", name="Publisher", grants=(Grant(Role.PUBLISHER),))
        staff_id = await create_staff(session, services.clock, MEASURER, new, correlation_id="bench")
    publisher = Staff(
        id=staff_id, email=new.email, name=new.name, language="fi", grants=new.grants, session_hash=b""
    )  # fmt: skip
    for number in range(PUBLISHED):
        text = f"Onko kirjasto auki pyhäinpäivänä, ja jos on, niin mihin aikaan? Kysymys numero {number}."
        submission = Submission(
            kind="question", category="kirjasto", text=text, language="fi", lat=None, lon=None, address=None,
            permission="anonymous", nickname=None, name=None, email=None, phone=None, wants_reply=False, channel="web",
        )  # fmt: skip
        async with services.database.transaction(tenant) as session:
            ctx = services.feedback_context(session, "bench")
            receipt = await intake.submit(ctx, MEASURER, submission, idempotency_key=f"published {number}")
            await publication.publish(
                ctx, config.publication, (), publisher, receipt.reference, message_id=None, version=0, public_text=text
            )


@contextmanager
def process(arguments: list[str], environment: dict[str, str], port: int, host: str, path: str) -> Iterator[None]:
    """A server of ours, ready when the path answers; its log goes where a collector would read it."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("KUULOLLA_")}
    with ExitStack() as stack:
        running = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=names | environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(running.wait)
        stack.callback(running.terminate)
        deadline = time.monotonic() + 30
        while not _answers(port, host, path):
            if running.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{arguments} did not start")
            time.sleep(0.1)
        yield


def _answers(port: int, host: str, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path, headers={"host": host})
        return connection.getresponse().status < http.client.BAD_REQUEST
    except OSError:
        return False
    finally:
        connection.close()
