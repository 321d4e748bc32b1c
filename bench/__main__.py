"""`make bench`: measure, print a table with ratios, write it into docs/performance.md; 1 when a bar is missed.

    python -m bench [--quick]

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
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from app.postgres import free_port
from bench.installation import ROOT, WORKERS, Installation, fill_public_list, installation, process
from bench.intake_sql import script
from tenancy.registry import list_tenants
from tenancy.session import Database

HOST = "kerava.localhost"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
DOCUMENT = ROOT / "docs" / "performance.md"
BARS = {"intake c=16": 0.20, "intake c=64": 0.20, "form page": 0.35, "public list": 0.35}


@dataclass
class Series:
    """What one thing reached in each run, per second, and its slowest percent in milliseconds."""

    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def median(self) -> float:
        """Of the rates."""
        return statistics.median(self.rates)


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short run, nothing written")
    quick = parser.parse_args().quick
    runs, seconds = (1, 2) if quick else (3, 8)
    if shutil.which("wrk") is None:
        print("wrk is missing (Debian: apt-get install wrk)", file=sys.stderr)
        return 2
    with installation() as made:
        asyncio.run(fill_public_list(made.settings))
        results = measure(made, runs, seconds)
        stored = asyncio.run(count_rows(made))
    ratios = {
        "intake c=16": results["intake c=16"].median / results["pgbench c=16"].median,
        "intake c=64": results["intake c=64"].median / results["pgbench c=64"].median,
        "form page": results["form page"].median / results["empty handler"].median,
        "public list": results["public list"].median / results["empty handler"].median,
    }
    table = report(results, ratios, runs, seconds, stored)
    print(table)
    if not quick:
        write(table)
    missed = [name for name, bar in BARS.items() if ratios[name] < bar]
    failed = [name for name, series in results.items() if series.failed]
    for name in missed:
        print(f"bar missed: {name} {ratios[name]:.2f} < {BARS[name]}", file=sys.stderr)
    for name in failed:
        print(f"failed requests: {name} {results[name].failed}", file=sys.stderr)
    return 1 if missed or failed else 0


def measure(made: Installation, runs: int, seconds: int) -> dict[str, Series]:
    """All series, the runs of each spread over the whole time."""
    names = ("pgbench c=16", "intake c=16", "pgbench c=64", "intake c=64", "empty handler", "form page", "public list")
    results = {name: Series() for name in names}
    empty_port = free_port()
    empty = ["uvicorn", "bench.empty:app", "--port", str(empty_port), "--workers", str(WORKERS), "--http", "httptools"]
    with (
        process(["app.cli", "serve"], made.environment, made.port, HOST, "/health/ready"),
        process([*empty, "--no-access-log", "--log-level", "warning"], {}, empty_port, HOST, "/"),
        tempfile.TemporaryDirectory() as folder,
    ):
        scripts = asyncio.run(write_scripts(made, Path(folder)))
        for path in ("/feedback/new", "/published", "/"):
            wrk(made.port, path, Series(), 2, 16)
        wrk(made.port, "", Series(), 2, 16, lua=True)
        for _ in range(runs):
            for connections in (16, 64):
                pgbench(made, scripts, results[f"pgbench c={connections}"], seconds, connections)
                wrk(made.port, "", results[f"intake c={connections}"], seconds, connections, lua=True)
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


def pgbench(made: Installation, scripts: list[Path], series: Series, seconds: int, connections: int) -> None:
    """The same statement without the service."""
    url = made.settings.database_url
    program = made.postgres.bin_directory / "pgbench"
    files = [part for path in scripts for part in ("-f", f"{path}@1")]
    done = subprocess.run(
        [program, "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(seconds), *files, url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    series.rates.append(float(found.group(1)))
    series.failed += int(failed.group(1)) if failed else 0


def wrk(port: int, path: str, series: Series, seconds: int, connections: int, *, lua: bool = False) -> None:
    """Requests as fast as they are answered."""
    extra = ["-s", str(ROOT / "bench" / "post.lua")] if lua else ["-H", f"Host: {HOST}", "-H", "Accept-Language: fi"]
    done = subprocess.run(
        ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", *extra, f"http://127.0.0.1:{port}{path}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    if found is None or slowest is None:
        raise RuntimeError(done.stdout + done.stderr)
    series.rates.append(float(found.group(1)))
    series.p99.append(float(slowest.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slowest.group(2)])
    series.failed += int(refused.group(1)) if refused else 0


async def count_rows(made: Installation) -> dict[str, int]:
    """What the load left behind, to see that each receipt is one row with all that belongs to it."""
    admin = await asyncpg.connect(made.postgres.url("bench"))
    try:
        return {
            table: sum(
                [await admin.fetchval(f"select count(*) from t_{slug}.{table}") for slug in ("kerava", "jarvenpaa")]
            )
            for table in ("feedback", "history", "routing_decision", "outbox", "audit", "contact")
        }
    finally:
        await admin.close()


def report(
    results: dict[str, Series], ratios: dict[str, float], runs: int, seconds: int, stored: dict[str, int]
) -> str:
    """The table, and where and when it was measured."""
    lines = [
        (
            f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC on {os.cpu_count()} cores ({cpu()}), Python "
            f"{platform.python_version()}, {WORKERS} service processes, embedded PostgreSQL with fsync; load, service "
            f"and database share the cores. Medians of {runs} runs of {seconds} s."
        ),
        "",
        "| what | a second, median (lowest-highest) | p99 ms | ratio | bar |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, series in results.items():
        spread = f"{series.median:,.0f} ({min(series.rates):,.0f}-{max(series.rates):,.0f})"
        p99 = f"{statistics.median(series.p99):.1f}" if series.p99 else ""
        ratio = f"{ratios[name]:.2f}" if name in ratios else ""
        bar = f"≥ {BARS[name]:.2f}" if name in BARS else "the limit"
        lines.append(f"| {name} | {spread} | {p99} | {ratio} | {bar} |")
    rows = ", ".join(f"{table} {count:,}" for table, count in stored.items())
    return "\n".join([*lines, "", f"Rows afterwards: {rows}."])


def cpu() -> str:
    """What the machine calls its processor."""
    information = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", information.read_text()) if information.exists() else None
    return found.group(1) if found else platform.machine()


def write(table: str) -> None:
    """Replace the measured part of docs/performance.md."""
    text = DOCUMENT.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
