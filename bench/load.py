"""Running the loads, and reading what they reached."""

import asyncio
import re
import statistics
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from app.postgres import find_bin_directory
from bench.installation import ROOT, TENANTS, Installation

HOST = "kerava.localhost"
TABLES = ("feedback", "contact", "history", "routing_decision", "outbox", "audit")
SETTLING_SECONDS = 0.3


@dataclass
class Series:
    """What one thing reached in each run, per second, and its slowest percent in milliseconds."""

    rates: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    answered: int = 0
    """Requests answered with success, in all runs."""
    failed: int = 0
    """Refused, broken or never answered."""
    wrong: list[str] = field(default_factory=list)
    """What the database holds otherwise than was answered."""

    @property
    def median(self) -> float:
        """Of the rates."""
        return statistics.median(self.rates)


def pgbench(made: Installation, scripts: list[Path], series: Series, seconds: int, connections: int) -> None:
    """The statement without the service."""
    program = (made.postgres.bin_directory if made.postgres else find_bin_directory()) / "pgbench"
    files = [part for path in scripts for part in ("-f", f"{path}@1")]
    url = made.settings.database_url
    done = subprocess.run(
        [program, "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(seconds), *files, url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rate = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    count = re.search(r"number of transactions actually processed: (\d+)", done.stdout)
    if rate is None or count is None:
        raise RuntimeError(done.stdout + done.stderr)
    series.rates.append(float(rate.group(1)))
    series.answered += int(count.group(1))
    series.failed += int(failed.group(1)) if failed else 0


def wrk(port: int, path: str, series: Series, seconds: int, connections: int, *, script: Path | None = None) -> int:
    """Requests as fast as they are answered; how many were, with success."""
    extra = ["-s", str(script)] if script else ["-H", f"Host: {HOST}", "-H", "Accept-Language: fi"]
    done = subprocess.run(
        [
            "wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", *extra,
            f"http://127.0.0.1:{port}{path}",
        ],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    count = re.search(r"(\d+) requests in", done.stdout)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or slowest is None or count is None:
        raise RuntimeError(done.stdout + done.stderr)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", done.stdout)
    refusals = int(refused.group(1)) if refused else 0
    answered = int(count.group(1)) - refusals
    series.rates.append(float(rate.group(1)))
    series.p99.append(float(slowest.group(1)) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slowest.group(2)])
    series.answered += answered
    series.failed += refusals + (sum(map(int, broken.groups())) if broken else 0)
    return answered


def intake(made: Installation, series: Series, seconds: int, connections: int) -> None:
    """Feedback through HTTP, and a look at the database: each answer is one row of everything, and no row is extra.

    What was under way when the load stopped was stored and not answered: at most one request a connection.
    """
    before = asyncio.run(count_rows(made))
    answered = wrk(made.port, "/api/v1/feedback", series, seconds, connections, script=ROOT / "bench" / "post.lua")
    rows = asyncio.run(_settled_rows(made))
    new = {table: rows[table] - before[table] for table in TABLES}
    if len(set(new.values())) != 1 or not answered <= new["feedback"] <= answered + connections:
        series.wrong.append(f"{answered} receipts answered, new rows {new}")


async def _settled_rows(made: Installation) -> dict[str, int]:
    last = await count_rows(made)
    while True:
        await asyncio.sleep(SETTLING_SECONDS)
        rows = await count_rows(made)
        if rows == last:
            return rows
        last = rows


async def count_rows(made: Installation) -> dict[str, int]:
    """Rows of both tenants, by table."""
    admin = await asyncpg.connect(made.admin_url)
    try:
        return {
            table: sum([await admin.fetchval(f"select count(*) from t_{slug}.{table}") for slug in TENANTS])
            for table in TABLES
        }
    finally:
        await admin.close()
