"""The command line: what it says, in words and in JSON, and its exit status."""

import json
from pathlib import Path

import pytest

from app.cli import GROUPS, main, make_parser
from conftest import CONFIG


@pytest.fixture
def with_database(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment an operator would have set."""
    monkeypatch.setenv("KUULOLLA_DATABASE_URL", database_url)
    monkeypatch.setenv("KUULOLLA_SECRET_KEY", "a secret of the tests, long enough to be one")
    monkeypatch.setenv("KUULOLLA_CONFIG_DIR", str(CONFIG))
    monkeypatch.setenv("KUULOLLA_BASE_DOMAIN", "test")
    monkeypatch.setenv("KUULOLLA_FILES_URL", tmp_path.as_uri())


@pytest.fixture
def config_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that need no database need no settings either."""
    monkeypatch.setenv("KUULOLLA_CONFIG_DIR", str(CONFIG))


def every_command() -> list[list[str]]:
    return [
        ["serve"], ["worker"], ["demo"], ["db", "migrate"], ["config", "check"], ["route", "explain"], ["settings"],
        ["tenant", "provision"], ["tenant", "list"], ["tenant", "suspend"], ["tenant", "resume"], ["import", "csv"],
    ]  # fmt: skip


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([*command, "--help"])
    assert ended.value.code == 0
    assert (
        f"example:\n  {'KUULOLLA_PORT=8000 ' if command == ['serve'] else ''}kuulolla {' '.join(command)}"
        in capsys.readouterr().out
    )


def test_there_is_no_command_this_file_does_not_know() -> None:
    groups = {name for group in GROUPS for name in [group.__name__.rsplit(".", 1)[1]]}
    assert groups == {"process", "demo", "database", "config", "routing", "tenant", "imports"}


def test_misuse_has_status_two() -> None:
    for arguments in ([], ["nothing"], ["tenant"], ["route", "explain"], ["tenant", "suspend", "x"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


@pytest.mark.usefixtures("config_only")
def test_checking_good_files_names_each_municipality(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check"]) == 0
    said = capsys.readouterr().out
    assert "kerava: 47 categories" in said
    assert "jarvenpaa: 40 categories" in said


def test_checking_bad_files_says_every_problem_with_its_place_and_status_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    (folder / "tenant.yaml").write_text("slug: town\nslug: village\nnmae: x\n")
    assert main(["config", "check", "--dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert any("tenant.yaml:2" in line and "slug" in line for line in said)
    assert len(said) > 5
    assert main(["--json", "config", "check", "--dir", str(tmp_path)]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert {"file", "line", "path", "what", "remedy"} == set(problems[0])


@pytest.mark.usefixtures("config_only")
def test_explaining_a_route_prints_the_path_and_the_unit(capsys: pytest.CaptureFixture[str]) -> None:
    place = ["--lat", "60.425", "--lon", "25.11"]
    assert main(["route", "explain", "kerava", "--category", "auraus", *place, "--text", "Tie on auraamatta"]) == 0
    assert "kunnossapito_pohjoinen" in capsys.readouterr().out
    assert main(["--json", "route", "explain", "kerava", "--category", "auraus"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"]["unit"] == "kunnossapito"


@pytest.mark.usefixtures("config_only")
def test_explaining_an_unknown_category_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["route", "explain", "kerava", "--category", "nope"]) == 1
    assert "nope" in capsys.readouterr().err


@pytest.mark.usefixtures("with_database")
def test_tenants_are_listed_suspended_and_resumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenant", "suspend", "kerava", "--reason", "for a test"]) == 0
    try:
        capsys.readouterr()
        assert main(["--json", "tenant", "list"]) == 0
        listed = {tenant["slug"]: tenant["suspended"] for tenant in json.loads(capsys.readouterr().out)}
        assert listed == {"jarvenpaa": False, "kerava": True}
    finally:
        assert main(["tenant", "resume", "kerava"]) == 0
    assert main(["tenant", "suspend", "nowhere", "--reason", "x"]) == 1


@pytest.mark.usefixtures("with_database")
def test_migrating_and_provisioning_again_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tenant", "provision", "kerava"]) == 0
    assert "t_kerava: up to date" in capsys.readouterr().out
    assert main(["--json", "db", "migrate"]) == 0
    schemas = {entry["schema"]: entry["status"] for entry in json.loads(capsys.readouterr().out)["schemas"]}
    assert schemas == {"shared": "up_to_date", "t_jarvenpaa": "up_to_date", "t_kerava": "up_to_date"}


def test_without_settings_each_missing_one_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("KUULOLLA_DATABASE_URL", "KUULOLLA_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["tenant", "list"]) == 1
    said = capsys.readouterr().err
    assert "KUULOLLA_DATABASE_URL" in said
    assert "KUULOLLA_SECRET_KEY" in said


def test_settings_are_listed_and_no_secret_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KUULOLLA_SECRET_KEY", "hunter2" * 6)
    monkeypatch.setenv("KUULOLLA_PORT", "8123")
    assert main(["settings"]) == 0
    said = capsys.readouterr().out
    assert "KUULOLLA_PORT = 8123   [environment]" in said
    assert "hunter2" not in said
