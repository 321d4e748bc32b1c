"""Requests of both cities on two database connections: whatever order they come in, none is answered for the other."""

import pytest

from app.settings import Settings
from support.interleaving import interleave, misplaced
from tenancy.session import Database
from web.site import Services


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_five_thousand_interleaved_requests_on_two_connections_never_cross(
    database_url: str, database: Database, settings: Settings, services: Services
) -> None:
    del database  # asked for so that the tables are emptied afterwards
    async with Database(database_url, pool_size=2, pool_timeout_seconds=60) as narrow:
        found = await interleave(settings, services, narrow, requests=5_000)
    assert found.crossed == []
    assert found.asked.total() == 5_000
    assert min(found.asked.values()) > 50, "every request was made in both cities"
    assert len(found.asked) == 10
    assert await misplaced(services) == []
