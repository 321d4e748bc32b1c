"""Settings from the environment: everything wrong is said at once, and no secret is shown."""

from pathlib import Path

import pytest

from app.settings import describe, load
from kernel.errors import ConfigError

GOOD = {"KUULOLLA_DATABASE_URL": "postgresql://u:p@localhost/k", "KUULOLLA_SECRET_KEY": "s" * 40}


def refused(environment: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as error:
        load(environment)
    return str(error.value)


def test_what_is_not_set_has_its_default_and_says_so() -> None:
    settings = load(GOOD | {"KUULOLLA_PORT": "9000", "UNRELATED": "x"})
    assert (settings.port, settings.workers) == (9000, 1)
    assert (settings.sources["port"], settings.sources["workers"]) == ("environment", "default")


def test_every_problem_is_named_at_once() -> None:
    said = refused({"KUULOLLA_PORT": "eight", "KUULOLLA_SECRET_KEY": "short", "KUULOLLA_TYPO": "x"})
    for name in ("KUULOLLA_DATABASE_URL", "KUULOLLA_PORT", "KUULOLLA_SECRET_KEY", "KUULOLLA_TYPO"):
        assert name in said


def test_a_secret_may_come_from_a_file_but_not_from_both(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("f" * 40 + "\n")
    from_file = {**GOOD, "KUULOLLA_SECRET_KEY_FILE": str(secret)}
    assert "both" in refused(from_file)
    del from_file["KUULOLLA_SECRET_KEY"]
    settings = load(from_file)
    assert (settings.secret_key, settings.sources["secret_key"]) == ("f" * 40, "file")


def test_no_refusal_repeats_a_secret() -> None:
    assert "hunter2" not in refused(
        {"KUULOLLA_SECRET_KEY": "hunter2", "KUULOLLA_DATABASE_URL": "x", "KUULOLLA_PORT": "y"}
    )


def test_every_setting_is_described() -> None:
    rows = describe()
    assert len(rows) > 15
    assert all(meaning for _, meaning, _, _ in rows)
    assert {name for name, _, _, secret in rows if secret} >= {"KUULOLLA_DATABASE_URL", "KUULOLLA_SECRET_KEY"}
