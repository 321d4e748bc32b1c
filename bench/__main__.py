"""`make bench`: measure, print a table with ratios, write it into docs/performance.md; 1 when a bar is missed.

    python -m bench [--quick] [--database postgresql://superuser:…@host:port/postgres]

Everything runs on this machine's cores at once: load, service, database. So a figure alone says little; its ratio to a
limit measured in the same minute says how much the service costs on top of what cannot be avoided.
"""

import argparse
import asyncio
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg
import structlog

from app.main import build_services
from app.postgres import free_port
from bench.installation import ROOT, WORKERS, Installation, fill_public_list, installation, process
from bench.intake_sql import script
from bench.load import HOST, Series, intake, pgbench, wrk
from bench.round_trips import Cost
from bench.round_trips import measure as count_round_trips
from tenancy.registry import list_tenants
from tenancy.session import Database

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
DOCUMENT = ROOT / "docs" / "performance.md"
NAMES = ("pgbench c=16", "intake c=16", "pgbench c=64", "intake c=64", "empty handler", "form page", "public list")
LIMITS = {
    "intake c=16": "pgbench c=16",
    "intake c=64": "pgbench c=64",
    "form page": "empty handler",
    "public list": "empty handler",
}
BARS = {"intake c=16": 0.20, "intake c=64": 0.20, "form page": 0.35, "public list": 0.35}
LIBRARIES = ("litestar", "uvicorn", "uvloop", "httptools", "msgspec", "asyncpg", "sqlalchemy")


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short run, nothing written")
    parser.add_argument(
        "--database",
        default=os.environ.get("KUULOLLA_BENCH_DATABASE_URL"),
        help="a superuser's URL; without it an embedded server is started",
    )
    chosen = parser.parse_args()
    runs, seconds = (1, 2) if chosen.quick else (5, 6)
    if shutil.which("wrk") is None:
        print("wrk is missing (Debian: apt-get install wrk)", file=sys.stderr)
        return 2
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # of this process; the service's own goes on
    busy = os.getloadavg()[0]
    with installation(chosen.database) as made:
        costs = asyncio.run(round_trips(made))
        asyncio.run(fill_public_list(made.settings))
        results = measure(made, runs, seconds)
        server = asyncio.run(server_version(made))
    ratios = {name: results[name].median / results[limit].median for name, limit in LIMITS.items()}
    report = "\n\n".join(
        [conditions(runs, seconds, server, busy), table(results, ratios), stored(results), counted(costs)]
    )
    print(report)
    if not chosen.quick:
        write(report)
    missed = problems(results, ratios, costs)
    for line in missed:
        print(line, file=sys.stderr)
    return 1 if missed else 0


async def round_trips(made: Installation) -> list[Cost]:
    """What every page and intake cost in round trips, in both cities."""
    services = build_services(made.settings)
    async with services.database:
        await services.registry.refresh(services.database)
        tenants = services.registry.all()
        return [cost for tenant in tenants for cost in await count_round_trips(made.settings, services, tenant)]


def measure(made: Installation, runs: int, seconds: int) -> dict[str, Series]:
    """All series, the runs of each spread over the whole time."""
    results = {name: Series() for name in NAMES}
    empty = made.environment | {"KUULOLLA_PORT": str(free_port())}
    empty_port = int(empty["KUULOLLA_PORT"])
    with (
        process(["app.cli", "serve"], made.environment, made.port, HOST, "/health/ready"),
        process(["bench.empty"], empty, empty_port, HOST, "/"),
        tempfile.TemporaryDirectory() as folder,
    ):
        scripts = asyncio.run(write_scripts(made, Path(folder)))
        for path in ("/feedback/new", "/published"):
            wrk(made.port, path, Series(), 2, 16)
        wrk(empty_port, "/", Series(), 2, 16)
        intake(made, Series(), 2, 16)
        for _ in range(runs):
            for connections in (16, 64):
                pgbench(made, scripts, results[f"pgbench c={connections}"], seconds, connections)
                intake(made, results[f"intake c={connections}"], seconds, connections)
            wrk(empty_port, "/", results["empty handler"], seconds, 64)
            wrk(made.port, "/feedback/new", results["form page"], seconds, 64)
            wrk(made.port, "/published", results["public list"], seconds, 64)
    return results


async def write_scripts(made: Installation, folder: Path) -> list[Path]:
    """One pgbench script a tenant."""
    async with Database(made.settings.database_url, pool_size=1) as database:
        tenants = await list_tenants(database)
    paths = []
    for tenant in tenants:
        path = folder / f"{tenant.slug}.sql"
        path.write_text(script(tenant))
        paths.append(path)
    return paths


async def server_version(made: Installation) -> str:
    """Of PostgreSQL, and whether a commit waits for the disk."""
    admin = await asyncpg.connect(made.admin_url)
    try:
        number, fsync = await admin.fetchval("show server_version"), await admin.fetchval("show fsync")
    finally:
        await admin.close()
    kind = "embedded" if made.postgres else "given"
    return f"PostgreSQL {number} ({kind}, fsync {fsync})"


def conditions(runs: int, seconds: int, server: str, busy: float) -> str:
    """Where, when and with what it was measured."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} cores ({cpu()}; load average before: "
        f"{busy:.1f}), {server}, Python {platform.python_version()}, {libraries}; {WORKERS} service processes with the "
        f"access log as JSON. Load, service and database share the cores. Medians of {runs} runs of {seconds} s."
    )


def cpu() -> str:
    """What the machine calls its processor."""
    information = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", information.read_text()) if information.exists() else None
    return found.group(1) if found else platform.machine()


def table(results: dict[str, Series], ratios: dict[str, float]) -> str:
    """Rates and ratios."""
    lines = ["| what | a second, median (lowest-highest) | p99 ms | ratio | bar |", "|---|--:|--:|--:|--:|"]
    for name, series in results.items():
        spread = f"{series.median:,.0f} ({min(series.rates):,.0f}-{max(series.rates):,.0f})"
        p99 = f"{statistics.median(series.p99):.1f}" if series.p99 else ""
        ratio = f"{ratios[name]:.2f}" if name in ratios else ""
        bar = f"≥ {BARS[name]:.2f}" if name in BARS else "the limit"
        lines.append(f"| {name} | {spread} | {p99} | {ratio} | {bar} |")
    return "\n".join(lines)


def stored(results: dict[str, Series]) -> str:
    """That what was answered is what was written."""
    intakes = [series for name, series in results.items() if name.startswith("intake")]
    answered, wrong = sum(series.answered for series in intakes), [line for one in intakes for line in one.wrong]
    if wrong:
        return "Answers and rows differ: " + "; ".join(wrong) + "."
    return (
        f"{answered:,} receipts were answered and counted afterwards: each is one row of feedback, contact, history, "
        "routing decision, outbox and audit."
    )


def counted(costs: list[Cost]) -> str:
    """Requests by their round trips; of the same in both cities the larger."""
    most: dict[str, Cost] = {}
    for cost in costs:
        name = re.sub(r"[A-Z]{3}-\d{4}-\d+", "{reference}", cost.request)
        if name not in most or cost.round_trips > most[name].round_trips:
            most[name] = cost
    lines = ["| round trips | requests |", "|--:|---|"]
    for number in sorted({cost.round_trips for cost in most.values()}):
        names = [
            f"`{name}`" if cost.is_within else f"`{name}` (**bar: {cost.most}**)"
            for name, cost in most.items()
            if cost.round_trips == number
        ]
        lines.append(f"| {number} | {' · '.join(names)} |")
    return "\n".join(lines)


def problems(results: dict[str, Series], ratios: dict[str, float], costs: list[Cost]) -> list[str]:
    """Every bar that is missed, and everything that went wrong while measuring."""
    found = [f"bar missed: {name} {ratios[name]:.2f} < {bar}" for name, bar in BARS.items() if ratios[name] < bar]
    found += [f"failed requests: {name} {series.failed}" for name, series in results.items() if series.failed]
    found += [f"{name}: {line}" for name, series in results.items() for line in series.wrong]
    found += [
        f"bar missed: {cost.request} makes {cost.round_trips} round trips > {cost.most}"
        for cost in costs
        if not cost.is_within
    ]
    return found


def write(report: str) -> None:
    """Replace the measured part of docs/performance.md."""
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{report}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
