"""`kuulolla import csv`: rows of a file through the same service as the form."""

import argparse
import asyncio
import csv
from collections import Counter
from itertools import islice
from pathlib import Path

import msgspec

from app import settings as settings_module
from app.commands.output import Output, add
from app.importing import ImportMap, RowResult, import_row, read_rows
from app.main import build_services
from kernel.errors import ConfigError, Problem
from kernel.yaml import load

COLUMNS = RowResult.__struct_fields__


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this group."""
    group = commands.add_parser("import", help="feedback from elsewhere").add_subparsers(
        dest="import_command", required=True, metavar="COMMAND"
    )
    command = add(
        group, "csv", "receive the rows of a CSV file; running it twice adds nothing",
        "kuulolla import csv <slug> rows.csv --map config/imports/rows.yaml --report report.csv",
    )  # fmt: skip
    command.add_argument("slug", help="the municipality that receives them")
    command.add_argument("file", type=Path)
    command.add_argument("--map", type=Path, required=True, dest="map_", help="which columns make which fields")
    command.add_argument("--report", type=Path, help="a CSV with what became of each row")
    command.add_argument("--dry-run", action="store_true", help="check every row, store nothing")
    command.add_argument("--limit", type=int, help="only the first rows")
    command.set_defaults(run=lambda chosen, output: asyncio.run(run(chosen, output)))


async def run(chosen: argparse.Namespace, output: Output) -> int:
    """Import; refused rows are in the report and do not make it fail."""
    map_ = load(chosen.map_, ImportMap)
    if not chosen.file.is_file():
        what, remedy = "is no file", "name a CSV file"
        raise ConfigError((Problem(file=str(chosen.file), line=0, path="$", what=what, remedy=remedy),))
    services = build_services(settings_module.load())
    async with services.database:
        await services.registry.refresh(services.database)
        tenant = services.registry.by_slug(chosen.slug)
        rows = list(islice(read_rows(chosen.file, map_.delimiter), chosen.limit))
        results: list[RowResult] = []
        for number, row in enumerate(rows, 1):
            results.append(await import_row(services, tenant, map_, number, row, dry_run=chosen.dry_run))
            output.progress(number, len(rows), "rows")
    if chosen.report:
        write_report(chosen.report, results)
    counts = Counter(result.outcome for result in results)
    summary = {outcome: counts[outcome] for outcome in ("received", "already", "refused")}
    output.line(", ".join(f"{count} {outcome}" for outcome, count in summary.items()))
    for reasons, count in Counter(result.reasons for result in results if result.reasons).most_common(10):
        output.line(f"  {count} refused for {reasons}")
    output.document({"status": "done", "rows": len(results), **summary})
    return 0


def write_report(path: Path, results: list[RowResult]) -> None:
    """One line a row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(msgspec.structs.asdict(result) for result in results)
