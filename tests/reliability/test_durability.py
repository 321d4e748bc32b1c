"""kill -9 of the service and of PostgreSQL under load: every receipt that was shown is there afterwards, once."""

import pytest
from bench.chaos import run


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_shown_receipt_is_stored_once_whatever_is_killed_while_it_is_sent() -> None:
    """The short form of `make chaos`: each part is killed under load, and a checker reads what is left."""
    report = run(rounds=2, clients=8, seconds=3.0, seed=20261124)
    assert report.kills == {"service": 2, "postgres": 2}
    assert report.shown > 100
    assert report.lost == []
    assert report.doubled == []
    assert report.changed == []
    assert report.without_effects == []
