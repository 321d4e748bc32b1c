"""The limit for pages: Litestar with one handler that does nothing, served with the very options of the service.

KUULOLLA_PORT=… python -m bench.empty
"""

import uvicorn
from litestar import Litestar, get

from app.asgi import uvicorn_options
from app.settings import load


@get("/", sync_to_thread=False, status_code=204)
def nothing() -> None:
    """An empty answer: 204 is what this framework answers fastest (measured beside a text and bytes)."""


app = Litestar([nothing], openapi_config=None, logging_config=None)

if __name__ == "__main__":
    uvicorn.run("bench.empty:app", **uvicorn_options(load()))
