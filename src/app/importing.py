"""Feedback from a CSV file, row by row through the same use case as the form.

A map (YAML) says which columns make which fields. Each row has a key of its own columns, from which its idempotency key
is made: running an import twice adds nothing. A row that the form would refuse is refused here too, with the reasons.
"""

import csv
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from auth.actor import System
from feedback import intake, submission
from feedback.submission import SubmissionInput
from kernel.errors import Conflict, FieldProblem, Invalid
from kernel.fields import Code
from tenancy.tenant import Tenant
from web.site import Services

ACTOR = System("import")
Outcome = Literal["received", "already", "refused"]


class CategoryMap(msgspec.Struct, frozen=True, kw_only=True):
    """Which category a row gets, by a column's value."""

    column: str | None = None
    values: dict[str, Code] = {}
    default: Code
    without_place: Code | None = None
    """For rows without a place, when the category needs one."""


class ReceivedMap(msgspec.Struct, frozen=True, kw_only=True):
    """When a row was received."""

    column: str
    time_zone: str
    """Of times that name none."""


class ImportMap(msgspec.Struct, frozen=True, kw_only=True):
    """How a file's columns become feedback."""

    source: Annotated[str, msgspec.Meta(min_length=1)]
    """Name of the source; part of every row's key, so it never changes."""
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    key: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    """Columns that together name a row."""
    text: str
    """With columns in braces: `{title}: {text}`."""
    kind: Code
    category: CategoryMap
    language: str
    address: str | None = None
    """With columns in braces."""
    lat: str | None = None
    """Column of the latitude, WGS 84."""
    lon: str | None = None
    received: ReceivedMap | None = None
    """Without it, the moment of the import."""


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row."""

    row: int
    """From 1, the heading not counted."""
    key: str
    outcome: Outcome
    reference: str = ""
    unit: str = ""
    reasons: str = ""
    """`field: code` for each problem."""


def read_rows(path: Path, delimiter: str) -> Iterator[dict[str, str]]:
    """The file's rows by column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file, delimiter=delimiter):
            yield {name: value or "" for name, value in row.items() if name is not None}


async def import_row(
    services: Services, tenant: Tenant, map_: ImportMap, number: int, row: dict[str, str], *, dry_run: bool
) -> RowResult:
    """Receive one row in a transaction of its own, or say why not."""
    try:
        key = "/".join(row[column] for column in map_.key)
        given, received_at = _input(services, tenant, map_, row)
    except KeyError as missing:
        return RowResult(row=number, key="", outcome="refused", reasons=f"{missing.args[0]}: no_such_column")
    except ValueError:
        return RowResult(row=number, key=key, outcome="refused", reasons="received: unreadable_time")
    config = services.config_of(tenant).feedback
    moment = received_at or services.clock.now()
    try:
        checked = submission.check(
            given, config, default_language=map_.language, on=config.calendar.local(services.clock.now()).date()
        )
        if dry_run:
            return RowResult(row=number, key=key, outcome="received")
        async with services.database.transaction(tenant) as session:
            receipt = await intake.submit(
                services.feedback_context(session, f"import {map_.source}"),
                ACTOR,
                checked,
                idempotency_key=f"import:{map_.source}:{key}"[: submission.IDEMPOTENCY_KEY_MAX],
                received_at=moment,
                is_announced=False,
            )
    except Invalid as error:
        return RowResult(row=number, key=key, outcome="refused", reasons=_reasons(error.problems))
    except Conflict as error:
        return RowResult(row=number, key=key, outcome="refused", reasons=f"key: {error.code}")
    return RowResult(
        row=number,
        key=key,
        outcome="already" if receipt.replayed else "received",
        reference=receipt.reference,
        unit=receipt.unit,
    )


def _input(
    services: Services, tenant: Tenant, map_: ImportMap, row: dict[str, str]
) -> tuple[SubmissionInput, datetime | None]:
    unreadable: dict[str, str] = {}

    def coordinate(path: str, column: str | None) -> float | None:
        value = row[column].strip() if column else ""
        try:
            return float(value) if value else None
        except ValueError:
            unreadable[path] = "no_coordinate"
            return None

    lat, lon = coordinate("location.lat", map_.lat), coordinate("location.lon", map_.lon)
    address = map_.address.format_map(row).strip() if map_.address else None
    given = SubmissionInput(
        kind=map_.kind,
        category=_category(services, tenant, map_.category, row, has_place=lat is not None or bool(address)),
        text=map_.text.format_map(row),
        language=map_.language,
        lat=lat,
        lon=lon,
        address=address,
        permission="none",
        channel="import",
        unreadable=unreadable,
    )
    return given, _moment(map_.received, row)


def _category(services: Services, tenant: Tenant, map_: CategoryMap, row: dict[str, str], *, has_place: bool) -> str:
    code = map_.values.get(row[map_.column], map_.default) if map_.column else map_.default
    category = services.config_of(tenant).feedback.categories.find(code)
    if category is not None and category.location == "required" and not has_place and map_.without_place:
        return map_.without_place
    return code


def _moment(map_: ReceivedMap | None, row: dict[str, str]) -> datetime | None:
    if map_ is None or not row[map_.column].strip():
        return None
    moment = datetime.fromisoformat(row[map_.column].strip())
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(map_.time_zone))


def _reasons(problems: tuple[FieldProblem, ...]) -> str:
    return "; ".join(f"{problem.path}: {problem.code}" for problem in problems)
