"""The limit for pages: Litestar with one handler that does nothing, served as the service is."""

from litestar import Litestar, Response, get


@get("/", sync_to_thread=False)
def nothing() -> Response[bytes]:
    """An empty answer."""
    return Response(b"")


app = Litestar([nothing], openapi_config=None, logging_config=None)
