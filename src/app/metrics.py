"""Figures for the platform: requests by status and duration, summed over all processes on the internal port."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

REQUESTS = Counter("kuulolla_requests_total", "Requests answered", ["method", "status"])
SECONDS = Histogram(
    "kuulolla_request_seconds", "Time to answer", buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
)
_METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS"})
_children: dict[tuple[str, int], Counter] = {}


def observe(method: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    key = (method if method in _METHODS else "other", status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = REQUESTS.labels(*key)
    child.inc()
    SECONDS.observe(seconds)


def exposition(directory: str | None) -> bytes:
    """The figures in Prometheus's text format: of this process, or of all that share a directory."""
    if directory is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call]  # untyped library
    return generate_latest(registry)
