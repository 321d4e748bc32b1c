"""kill -9 of the service and of PostgreSQL under load: every receipt that was shown is there afterwards, once."""

import pytest
from bench.chaos import run


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_shown_receipt_is_stored_once_whatever_is_killed_while_it_is_sent() -> None:
    """The short form of `make chaos`: each part is killed under load, and a checker reads what is left."""
    report = run(rounds=2, clients=8, seconds=2.0, seed=20261124)
    assert report.kills == {"service": 2, "service process": 2, "postgres": 2, "backend": 2}
    assert report.shown > 100
    assert report.repeats > 0, "the kills were felt"
    assert report.lost == []
    assert report.doubled == []
    assert report.changed == []
    assert report.without_effects == []


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_check_sees_receipts_that_were_shown_before_they_were_safe() -> None:
    """It can fail: a server that answers before its log is written loses what was shown, and that is found."""
    careless = {"synchronous_commit": "off", "wal_writer_delay": "10s"}
    report = run(rounds=1, clients=8, seconds=2.0, seed=7, victims=["postgres"], server_settings=careless)
    assert report.lost != []
