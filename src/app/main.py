"""Putting the service together: `build_services` for any process, `create_app` for the one that serves."""

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from litestar import Litestar
from litestar.config.response_cache import ResponseCacheConfig
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from app import errors, health, tenants
from app.front import Front
from app.settings import Settings
from app.worker import Bell
from auth.actions import Action
from kernel.clock import Clock, SystemClock
from kernel.errors import Temporary
from kernel.files import FileStore
from kernel.i18n import load_catalogs
from kernel.keys import MasterKey
from kernel.log import get_logger
from publication.repository import CHANNEL
from tenancy.registry import Registry
from tenancy.session import Database
from web.api import feeds, public_api
from web.assets import Assets
from web.dependencies import DEPENDENCIES, require_same_origin
from web.page_cache import PageCache
from web.pages import desk, desk_session, public, publication, resident
from web.rendering import Renderer
from web.site import Services

LOCALES = Path(__file__).parent / "locales"

BODY_MAX_BYTES = 1024 * 1024
"""Of every request but the form with its photos."""
REFRESH_SECONDS = 10.0
"""How often the registry is read again, so that a suspension or a new tenant needs no restart."""

HANDLERS: list[HTTPRouteHandler] = [
    *resident.HANDLERS, *public.HANDLERS, *desk_session.HANDLERS, *publication.HANDLERS, *desk.HANDLERS,
    *public_api.HANDLERS, *feeds.HANDLERS, health.ready,
]  # fmt: skip


def build_services(settings: Settings, *, clock: Clock | None = None, pool_timeout_seconds: float = 5.0) -> Services:
    """What a process needs. Raises ConfigError for configuration files that cannot be used.

    The registry is empty until `registry.refresh`.
    """
    database = Database(
        settings.database_url,
        pool_size=settings.database_pool_size,
        pool_timeout_seconds=pool_timeout_seconds,
        statement_cache_size=settings.database_statement_cache,
    )
    catalogs, assets, configs = (
        load_catalogs(LOCALES),
        Assets(),
        tenants.load_all(settings.config_dir, settings.base_domain),
    )
    time_zones = {config.tenant.time_zone for config in configs.values()}
    return Services(
        database=database,
        registry=Registry(),
        configs=configs,
        clock=clock or SystemClock(),
        keys=MasterKey(settings.secret_key.encode()),
        files=FileStore(settings.files_url),
        catalogs=catalogs,
        assets=assets,
        renderer=Renderer(catalogs, assets, time_zones=sorted(time_zones)),
        cache=PageCache(settings.page_cache_seconds),
        public_url=settings.public_url,
        is_demo=settings.demo,
    )


def create_app(settings: Settings, services: Services | None = None) -> Front:
    """The ASGI application. Refuses to start when a handler says neither what it permits nor that it is public."""
    services = services or build_services(settings)
    bell = Bell(services.database)
    services = dataclasses.replace(services, ring=bell.ring)
    for handler in HANDLERS:
        require_declared(handler)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            await wait_for_database(services)
            tasks.start_soon(_keep_registry_fresh, services)
            tasks.start_soon(_hear_publications, services)
            tasks.start_soon(bell.run)
            yield
            tasks.cancel_scope.cancel()
        await services.database.close()

    inner = Litestar(
        route_handlers=HANDLERS,
        dependencies=DEPENDENCIES,
        exception_handlers=errors.HANDLERS,
        before_request=require_same_origin,
        lifespan=[lifespan],
        openapi_config=OpenAPIConfig(
            title="Kuulolla",
            version="1",
            description="The public API of a municipality's feedback service.",
            path="/api/v1/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
            use_handler_docstrings=True,
        ),
        response_cache_config=ResponseCacheConfig(),
        request_max_body_size=BODY_MAX_BYTES,
        logging_config=None,
        debug=False,
    )
    return Front(services, inner)


def require_declared(handler: BaseRouteHandler) -> None:
    """Fail closed: every handler names an action, or says that it is public or the staff's own."""
    opt: dict[str, Any] = dict(handler.opt)
    if isinstance(opt.get("action"), Action) or opt.get("public") is True or opt.get("staff") is True:
        return
    raise RuntimeError(f"{handler} declares neither an action nor public=True")


async def wait_for_database(services: Services) -> None:
    """Start without a database: wait for it and say so."""
    log = get_logger()
    while True:
        try:
            await services.registry.refresh(services.database)
        except Temporary:
            log.warning("waiting_for_database")
            await anyio.sleep(1)
        else:
            log.info("tenants_loaded", tenants=[tenant.slug for tenant in services.registry.all()])
            return


async def _keep_registry_fresh(services: Services) -> None:
    while True:
        await anyio.sleep(REFRESH_SECONDS)
        try:
            await services.registry.refresh(services.database)
        except Exception:  # noqa: BLE001 - logged; this task must outlive whatever the database says
            get_logger().exception("registry_not_refreshed")


async def _hear_publications(services: Services) -> None:
    """Drop a tenant's cached pages when anything of it is published or taken back, in whichever process.

    Without this connection (the database is gone, or PgBouncer is between) pages age out by themselves.
    """
    while True:
        try:
            async with services.database.listen(CHANNEL, services.cache.drop) as connection:
                while not connection.is_closed():  # noqa: ASYNC110 - asyncpg has no event for it
                    await anyio.sleep(1)
        except Exception:  # noqa: BLE001 - logged; this task must outlive whatever the database says
            get_logger().exception("not_hearing_publications")
        for tenant in services.registry.all():
            services.cache.drop(tenant.slug)  # what was said meanwhile was not heard
        await anyio.sleep(5)
