"""The platform's own port: liveness, readiness and metrics, from the process that starts the others."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app.settings import Settings
from kernel.log import get_logger

READY_TIMEOUT_SECONDS = 3


def start(settings: Settings, metrics: Callable[[], bytes], any_host: Callable[[], str | None]) -> ThreadingHTTPServer:
    """Listen on `internal_port` in a thread of its own; `any_host` names a tenant to ask for readiness."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            match self.path:
                case "/health/live":
                    self._answer(200, b"alive\n")
                case "/health/ready":
                    self._answer(*readiness(settings, any_host()))
                case "/metrics":
                    self._answer(200, metrics())
                case _:
                    self._answer(404, b"not found\n")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "text/plain; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            get_logger().debug("internal_request", line=format % args)

    server = ThreadingHTTPServer((settings.host, settings.internal_port), Handler)
    threading.Thread(target=server.serve_forever, name="internal port", daemon=True).start()
    return server


def readiness(settings: Settings, host: str | None) -> tuple[int, bytes]:
    """Ask the service itself, as a resident's request would reach it."""
    if host is None:
        return 503, b"the database does not answer, or no tenant is provisioned\n"
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=READY_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health/ready", headers={"host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError as error:
        return 503, f"{type(error).__name__}\n".encode()
    finally:
        connection.close()
