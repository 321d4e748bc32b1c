"""What is done now and then for every tenant: ended sessions, throttles past their window, files without a row."""

import asyncio
from datetime import timedelta

from auth.sessions import forget_expired
from feedback.photos import remove_orphans
from kernel.errors import AppError
from kernel.log import get_logger
from tenancy.tenant import Tenant
from web.site import Services

EVERY_SECONDS = 3_600.0
ORPHAN_AGE = timedelta(hours=24)
"""A file is written before the row that names it; one that has no row after a day never gets one."""


async def keep_house(services: Services) -> None:
    """Once an hour until cancelled; a tenant in trouble keeps no other from its turn."""
    while True:
        for tenant in services.registry.active():
            try:
                await keep_house_of(services, tenant)
            except AppError as error:
                get_logger().warning("housekeeping_failed", tenant=tenant.slug, code=error.code)
        await asyncio.sleep(EVERY_SECONDS)


async def keep_house_of(services: Services, tenant: Tenant) -> None:
    """One tenant's turn."""
    async with services.database.transaction(tenant) as session:
        await forget_expired(session, services.clock)
    async with services.database.transaction(tenant, read_only=True) as session:
        removed = await remove_orphans(session, services.files, before=services.clock.now() - ORPHAN_AGE)
    get_logger().info("house_kept", tenant=tenant.slug, orphans_removed=removed)
