"""Structured logs: one JSON object a line on standard output, and a list of keys that never get there."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import msgspec
import structlog

# Whatever is bound under these names is replaced before a line is written: what a resident wrote or who they are,
# and every secret. Tests plant such values and look for them in the output.
NEVER_LOGGED = frozenset(
    {
        "text", "name", "email", "phone", "address", "nickname", "tracking_code", "password", "token",
        "cookie", "authorization", "idempotency_key", "csrf_token", "recipient", "body", "subject", "secret",
    }
)  # fmt: skip

_encoder = msgspec.json.Encoder(enc_hook=str)


def _withhold(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in NEVER_LOGGED & event.keys():
        event[key] = "[withheld]"
    return event


def _render(_: Any, __: str, event: MutableMapping[str, Any]) -> bytes:
    return _encoder.encode(event)


class _StandardError:
    """Standard error as it is at the moment of writing: tests and shells replace it."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def configure(*, level: str = "info", human: bool = False) -> None:
    """Set up structlog for the process; `human` gives coloured lines for a person at a terminal.

    Lines go to standard error for a person (standard output belongs to the command) and to standard output for a
    log collector.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _withhold,
    ]
    if human:
        structlog.configure(
            processors=[
                *shared,
                structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(threshold),
            logger_factory=structlog.WriteLoggerFactory(_StandardError()),  # type: ignore[arg-type]  # as much of a file as it uses
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            processors=[*shared, _render],
            wrapper_class=structlog.make_filtering_bound_logger(threshold),
            logger_factory=structlog.BytesLoggerFactory(sys.stdout.buffer),
            cache_logger_on_first_use=True,
        )


def get_logger() -> Any:
    """A logger with the request's bound context (tenant, correlation id)."""
    return structlog.get_logger()
