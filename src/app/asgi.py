"""What the server's processes start: `uvicorn app.asgi:make --factory`. Settings come from the environment."""

import sys
from typing import Any

from app import settings as settings_module
from app.front import Front
from app.main import create_app
from kernel.log import configure


def make() -> Front:
    """The application of one process."""
    settings = settings_module.load()
    configure(level=settings.log_level, human=sys.stdout.isatty())
    return create_app(settings)


def uvicorn_options(settings: settings_module.Settings) -> dict[str, Any]:
    """How the server runs it, the same in production, demo and measurements."""
    return {
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "http": "httptools",
        "access_log": False,
        "server_header": False,
        "proxy_headers": True,
        "forwarded_allow_ips": settings.trusted_proxies,
        "timeout_graceful_shutdown": 20,
        "log_level": "warning",
        "lifespan": "on",
    }
