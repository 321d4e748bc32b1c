"""`kuulolla tenant provision|list|suspend|resume`."""

import argparse
import asyncio

from app import settings as settings_module
from app.commands.database import describe
from app.commands.output import Output, add
from app.migrations import MIGRATIONS
from app.tenants import load_tenant_config
from tenancy import migrate, provision
from tenancy.registry import list_tenants
from tenancy.session import Database


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    group = commands.add_parser("tenant", help="the municipalities of the platform").add_subparsers(
        dest="tenant_command", required=True, metavar="COMMAND"
    )
    command = add(
        group, "provision", "make or complete a municipality's role, schema, tables and hosts",
        "kuulolla tenant provision <slug>",
    )  # fmt: skip
    command.add_argument("slug", help="folder under config/tenants")
    command.set_defaults(run=lambda chosen, output: asyncio.run(run_provision(chosen.slug, output)))
    command = add(group, "list", "list the municipalities with their hosts", "kuulolla tenant list")
    command.set_defaults(run=lambda _, output: asyncio.run(run_list(output)))
    command = add(
        group, "suspend", "close a municipality's pages and hold its jobs; its data stays",
        'kuulolla tenant suspend <slug> --reason "contract ended"',
    )  # fmt: skip
    command.add_argument("slug")
    command.add_argument("--reason", required=True, help="kept in the registry")
    command.set_defaults(run=lambda chosen, output: asyncio.run(run_status(chosen.slug, chosen.reason, output)))
    command = add(group, "resume", "open a suspended municipality again", "kuulolla tenant resume <slug>")
    command.add_argument("slug")
    command.set_defaults(run=lambda chosen, output: asyncio.run(run_status(chosen.slug, None, output)))


def _database(settings: settings_module.Settings) -> Database:
    return Database(settings.database_url, pool_size=2, statement_cache_size=0)


async def run_provision(slug: str, output: Output) -> int:
    """Provision and migrate."""
    settings = settings_module.load()
    config = load_tenant_config(settings.config_dir / slug)
    async with _database(settings) as database:
        await migrate.migrate_shared(database, MIGRATIONS)
        tenant = await provision.provision(database, slug, config.tenant.full_hosts(settings.base_domain))
        result = await migrate.migrate_tenant(database, MIGRATIONS, tenant)
    output.line(describe(result))
    output.line(f"{slug} answers on {', '.join(tenant.hosts)}")
    output.document({"status": "failed" if result.status == "failed" else "done", "tenant": tenant, "schema": result})
    return 1 if result.status == "failed" else 0


async def run_list(output: Output) -> int:
    """List."""
    async with _database(settings_module.load()) as database:
        tenants = await list_tenants(database)
    for tenant in tenants:
        output.line(f"{tenant.slug}  {'suspended' if tenant.suspended else 'active'}  {', '.join(tenant.hosts)}")
    output.document(tenants)
    return 0


async def run_status(slug: str, reason: str | None, output: Output) -> int:
    """Suspend with a reason, or resume without one."""
    async with _database(settings_module.load()) as database:
        if reason is not None:
            await provision.suspend(database, slug, reason)
        else:
            await provision.resume(database, slug)
    state = "suspended" if reason is not None else "active"
    output.line(f"{slug} is {state}; every process knows within ten seconds")
    output.document({"status": "done", "slug": slug, "state": state})
    return 0
