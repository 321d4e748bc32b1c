"""`kuulolla db migrate`: the schema `shared`, then every tenant's, one transaction each."""

import argparse
import asyncio

from app import settings as settings_module
from app.commands.output import Output, add
from app.migrations import MIGRATIONS
from tenancy import migrate
from tenancy.migrate import MigrationResult
from tenancy.registry import list_tenants
from tenancy.session import Database


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    group = commands.add_parser("db", help="the database").add_subparsers(
        dest="db_command", required=True, metavar="COMMAND"
    )
    command = add(
        group, "migrate", "bring every schema up to date; what failed is taken up next time", "kuulolla db migrate"
    )
    command.set_defaults(run=lambda _, output: asyncio.run(run(output)))


async def run(output: Output) -> int:
    """Migrate; 1 when any schema failed."""
    settings = settings_module.load()
    async with Database(settings.database_url, pool_size=2, statement_cache_size=0) as database:
        results = [await migrate.migrate_shared(database, MIGRATIONS)]
        output.line(describe(results[0]))
        tenants = await list_tenants(database)
        for done, tenant in enumerate(tenants, 1):
            result = await migrate.migrate_tenant(database, MIGRATIONS, tenant)
            results.append(result)
            output.line(describe(result))
            output.progress(done, len(tenants), tenant.slug)
    failed = [result for result in results if result.status == "failed"]
    output.document({"status": "failed" if failed else "done", "schemas": results})
    return 1 if failed else 0


def describe(result: MigrationResult) -> str:
    """One schema's line."""
    where = f"{result.schema}: {result.status.replace('_', ' ')}"
    return f"{where} ({result.error})" if result.error else f"{where} at {result.to_revision} in {result.seconds:.2f} s"
