"""Rules of the house that no tool checks: names of municipalities, where transactions end, who reads the clock."""

import ast
import importlib.metadata
import re
from pathlib import Path

import pytest

from app.main import HANDLERS
from auth.actions import Action

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TEXTS = [
    path
    for path in sorted((ROOT / "src").rglob("*"))
    if path.is_file() and path.suffix in {".py", ".html", ".txt", ".css", ".js", ".po", ".json", ".svg", ".mako"}
]


def calls(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text())
    return [
        (node.lineno, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    ]


def test_no_source_names_a_municipality() -> None:
    named = re.compile("kerava|järvenpää|jarvenpaa", re.IGNORECASE)
    hits = [f"{path.relative_to(ROOT)}" for path in TEXTS if named.search(path.read_text())]
    assert hits == []


@pytest.mark.parametrize("forbidden", ["commit", "rollback", "create_async_engine", "AsyncSession", "begin"])
def test_transactions_begin_and_end_in_one_place(forbidden: str) -> None:
    """What is sent by hand (BEGIN, COMMIT) is found by the next test; this one finds the methods."""
    hits = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line, name in calls(path)
        if name == forbidden and path.name != "session.py" and not (forbidden == "begin" and "identity" in path.name)
    ]
    assert hits == []


def test_only_the_session_speaks_of_roles_paths_and_commits_in_sql() -> None:
    sql = re.compile(r"search_path|SET LOCAL ROLE|SET ROLE|\bCOMMIT\b|\bROLLBACK\b|\"BEGIN")
    allowed = {"tenancy/session.py"}
    hits = [
        f"{path.relative_to(ROOT / 'src')}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if sql.search(line)
        and not line.strip().startswith("#")
        and path.relative_to(ROOT / "src").as_posix() not in allowed
    ]
    in_prose = {hit for hit in hits if _is_docstring(hit)}
    assert sorted(set(hits) - in_prose) == []


def _is_docstring(hit: str) -> bool:
    name, number = hit.rsplit(":", 1)
    tree = ast.parse((ROOT / "src" / name).read_text())
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and node.lineno <= int(number) <= (node.end_lineno or node.lineno)
        for node in ast.walk(tree)
    )


def test_only_the_clock_reads_the_time() -> None:
    """`time.monotonic` and `perf_counter` measure durations and are free."""
    clock = re.compile(r"datetime\.now\(|datetime\.utcnow\(|date\.today\(|\btime\.time\(")
    hits = [
        f"{path.relative_to(ROOT)}"
        for path in SOURCES
        if path.relative_to(ROOT / "src").as_posix() != "kernel/clock.py" and clock.search(path.read_text())
    ]
    assert hits == []


def test_no_branch_asks_which_tenant_it_is() -> None:
    asked = re.compile(r"(slug|tenant)\s*(==|!=|in)\s*[\(\[\{]?[\"']")
    hits = [f"{path.relative_to(ROOT)}" for path in SOURCES if asked.search(path.read_text())]
    assert hits == []


def test_every_handler_names_an_action_or_says_it_is_public_or_the_staffs_own() -> None:
    for handler in HANDLERS:
        opt = handler.opt
        assert isinstance(opt.get("action"), Action) or opt.get("public") or opt.get("staff"), str(handler)


def test_no_installed_distribution_brings_a_package_named_like_one_of_ours() -> None:
    ours = {path.name for path in (ROOT / "src").iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    provided = importlib.metadata.packages_distributions()
    taken = {name: provided[name] for name in ours if set(provided.get(name, [])) - {"kuulolla"}}
    assert taken == {}


def test_files_stay_small_enough_to_hold_in_the_head() -> None:
    too_long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in SOURCES
        if (lines := len(path.read_text().splitlines())) > 450 and "migrations" not in path.parts
    }
    assert too_long == {}
