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

    postgres: EmbeddedPostgres
    settings: Settings
    environment: dict[str, str]

    @property
    def port(self) -> int:
        """Of the service."""
        return self.settings.port


@contextmanager
def installation() -> Iterator[Installation]:
    """Everything but the service, on a fresh directory."""
    folder = Path(tempfile.mkdtemp(prefix="kuulolla-bench-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "postgres", settings={"max_connections": "200"}) as server:
            password = secrets.token_hex(12)
            environment = {
                "KUULOLLA_DATABASE_URL": server.url("bench", "bench", password),
                "KUULOLLA_SECRET_KEY": secrets.token_urlsafe(48),
                "KUULOLLA_CONFIG_DIR": str(ROOT / "config" / "tenants"),
                "KUULOLLA_FILES_URL": (folder / "files").as_uri(),
                "KUULOLLA_MAIL_URL": (folder / "mail").as_uri(),
                "KUULOLLA_PORT": str(free_port()),
                "KUULOLLA_WORKERS": str(WORKERS),
            }
            settings = load(environment)
            asyncio.run(_prepare(server, settings, password))
            yield Installation(server, settings, environment)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _prepare(server: EmbeddedPostgres, settings: Settings, password: str) -> None:
    admin = await asyncpg.connect(server.url())
    await admin.execute(f"create role bench login noinherit createrole password '{password}'")
    await admin.execute("create database bench owner bench")
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
