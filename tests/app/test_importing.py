"""Rows of a CSV become feedback through the same use case as the form, once, or are refused with a reason."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from app.importing import ImportMap, RowResult, import_row, read_rows
from conftest import ROOT
from kernel.yaml import load
from web.site import Services

SHARED = ROOT.parent / "shared" / "data" / "feedback"
HEADING = "id,what,place,lat,lon,when\n"


def a_map(tmp_path: Path, extra: str = "") -> ImportMap:
    path = tmp_path / "map.yaml"
    path.write_text(
        "source: rows\nkey: [id]\ntext: '{what}'\nkind: fault\nlanguage: fi\naddress: '{place}'\nlat: lat\nlon: lon\n"
        "category: {default: kuopat, without_place: muu}\nreceived: {column: when, time_zone: Europe/Helsinki}\n"
        + extra
    )
    return load(path, ImportMap)


async def import_file(
    services: Services, slug: str, map_: ImportMap, path: Path, limit: int = 10**9
) -> list[RowResult]:
    tenant = services.registry.by_slug(slug)
    rows = list(read_rows(path, map_.delimiter))[:limit]
    return [await import_row(services, tenant, map_, number, row, dry_run=False) for number, row in enumerate(rows, 1)]


@pytest.mark.usefixtures("database")
async def test_every_row_ends_received_and_routed_or_refused_with_a_reason(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        HEADING
        + '1,"Iso kuoppa, jossa vettä",Asematie,60.40,25.10,2026-03-01 08:15:00\n'
        + "2,Kuoppa ilman paikkaa,,,,2026-03-01 08:15:00\n"
        + "3,lyhyt,Asematie,,,\n"
        + f"4,{'x' * 5001},Asematie,,,\n"
        + "5,Kuoppa väärässä pisteessä,Asematie,north,25.1,\n"
        + "6,Kuoppa huonolla ajalla,Asematie,,,yesterday\n"
        + "7,Kuoppa josta puuttuu sarakkeita\n"
    )
    results = await import_file(services, "kerava", a_map(tmp_path), path)
    assert [(result.outcome, result.unit, result.reasons) for result in results] == [
        ("received", "kunnossapito", ""),
        ("received", "asiointipiste", ""),
        ("refused", "", "text: too_short"),
        ("refused", "", "text: too_long"),
        ("refused", "", "location.lat: no_coordinate"),
        ("refused", "", "received: unreadable_time"),
        ("received", "asiointipiste", ""),
    ]
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        row = await session.fetch_row("select received_at, channel, permission from feedback order by id limit 1")
        events = await session.fetch("select 1 from outbox")
    assert row is not None
    assert row["received_at"].isoformat() == "2026-03-01T06:15:00+00:00"
    assert (row["channel"], row["permission"]) == ("import", "none")
    assert events == [], "nobody gets mail of what lies in the past"


@pytest.mark.usefixtures("database")
async def test_running_it_twice_adds_nothing_and_a_changed_row_is_not_taken_for_a_new_one(
    services: Services, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADING + "1,Iso kuoppa tiessä,Asematie,,,\n")
    first = await import_file(services, "kerava", a_map(tmp_path), path)
    again = await import_file(services, "kerava", a_map(tmp_path), path)
    assert (first[0].outcome, again[0].outcome) == ("received", "already")
    assert first[0].reference == again[0].reference
    path.write_text(HEADING + "1,Iso kuoppa tiessä ja vettä,Asematie,,,\n")
    [changed] = await import_file(services, "kerava", a_map(tmp_path), path)
    assert (changed.outcome, changed.reasons) == ("refused", "key: idempotency_key_reused")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data folder is not beside the project")
@pytest.mark.parametrize(
    ("slug", "map_name", "file"),
    [
        ("kerava", "omastadi", "omastadi_proposals_rounds1-2.csv"),
        ("jarvenpaa", "konstanz", "konstanz_maengelmelder_2020-2022.csv"),
    ],
)
@pytest.mark.usefixtures("database")
async def test_real_rows_that_nobody_here_wrote_are_received_and_a_second_run_adds_nothing(
    slug: str, map_name: str, file: str, services: Services
) -> None:
    map_ = load(ROOT / "config" / "imports" / f"{map_name}.yaml", ImportMap)
    for expected in ("received", "already"):
        results = await import_file(services, slug, map_, SHARED / file, limit=400)
        outcomes = Counter(result.outcome for result in results)
        assert set(outcomes) <= {expected, "refused"}
        assert outcomes[expected] > 390
        assert all(result.unit if result.outcome != "refused" else result.reasons for result in results)


def test_a_byte_order_mark_and_missing_cells_do_not_confuse_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([["id", "text"], ["1"]])
    assert list(read_rows(path, ";")) == [{"id": "1", "text": ""}]
