"""`kuulolla serve` and `kuulolla worker`: the two processes of an installation."""

import argparse
import asyncio
import os
import sys
import tempfile

import uvicorn

from app import internal, metrics
from app import settings as settings_module
from app.asgi import uvicorn_options
from app.commands.output import Output, add
from app.housekeeping import keep_house
from app.main import build_services, wait_for_database
from app.wiring import make_worker
from app.worker import run_until_signalled
from kernel.errors import Temporary
from kernel.log import configure
from tenancy.registry import list_tenants
from tenancy.session import Database

WORKER_POOL_TIMEOUT_SECONDS = 60.0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    serve = add(commands, "serve", "answer requests", "KUULOLLA_PORT=8000 kuulolla serve")
    serve.set_defaults(run=run_serve)
    worker = add(commands, "worker", "carry out events and send mail", "kuulolla worker")
    worker.set_defaults(run=run_worker)


def run_serve(_: argparse.Namespace, __: Output) -> int:
    """Serve until SIGTERM or SIGINT; requests under way are finished."""
    settings = settings_module.load()
    configure(level=settings.log_level, human=sys.stdout.isatty())
    with tempfile.TemporaryDirectory(prefix="kuulolla-metrics-") as shared:
        if settings.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = shared  # for the processes that are started below
        if settings.internal_port:
            internal.start(
                settings,
                lambda: metrics.exposition(shared if settings.workers > 1 else None),
                lambda: asyncio.run(_any_host(settings)),
            )
        uvicorn.run("app.asgi:make", factory=True, **uvicorn_options(settings))
    return 0


async def _any_host(settings: settings_module.Settings) -> str | None:
    """A tenant to ask for readiness; None while the database does not answer."""
    async with Database(settings.database_url, pool_size=1, statement_cache_size=0) as database:
        try:
            tenants = await list_tenants(database)
        except Temporary:
            return None
    return next((tenant.hosts[0] for tenant in tenants if tenant.hosts and not tenant.suspended), None)


def run_worker(_: argparse.Namespace, __: Output) -> int:
    """Work until SIGTERM or SIGINT; what is in hand is finished."""
    settings = settings_module.load()
    configure(level=settings.log_level, human=sys.stdout.isatty())
    asyncio.run(_work(settings))
    return 0


async def _work(settings: settings_module.Settings) -> None:
    services = build_services(settings, pool_timeout_seconds=WORKER_POOL_TIMEOUT_SECONDS)
    async with services.database:
        await wait_for_database(services)
        housekeeping = asyncio.create_task(keep_house(services))
        try:
            await run_until_signalled(make_worker(settings, services))
        finally:
            housekeeping.cancel()
            await asyncio.gather(housekeeping, return_exceptions=True)
