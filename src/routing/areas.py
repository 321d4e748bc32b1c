"""Areas of a municipality: polygons in WGS 84, small enough that a straight line on the map is one on the ground."""

import msgspec

Point = tuple[float, float]
"""(longitude, latitude), the order of GeoJSON (RFC 7946 §3.1.1)."""


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon, or several, without holes."""

    code: str
    rings: tuple[tuple[Point, ...], ...]

    def contains(self, lat: float, lon: float) -> bool:
        """Whether the place lies in it. A point on the border may count either way; its neighbour's border agrees."""
        return any(_inside(ring, lat, lon) for ring in self.rings)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north)."""
        lons = [lon for ring in self.rings for lon, _ in ring]
        lats = [lat for ring in self.rings for _, lat in ring]
        return min(lons), min(lats), max(lons), max(lats)


def _inside(ring: tuple[Point, ...], lat: float, lon: float) -> bool:
    """A ray from the point to the east crosses the outline an odd number of times.

    Each edge holds its lower end and not its upper one, so a ray through a corner counts it once.
    """
    inside = False
    for (lon_a, lat_a), (lon_b, lat_b) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (lat_a > lat) is not (lat_b > lat):
            crossing = lon_a + (lat - lat_a) * (lon_b - lon_a) / (lat_b - lat_a)
            inside ^= lon < crossing
    return inside


def is_simple(ring: tuple[Point, ...]) -> bool:
    """Whether no two edges of the outline cross: a bow tie has no inside one could agree on."""
    edges = list(zip(ring, (*ring[1:], ring[0]), strict=True))
    return not any(
        _cross(first, second) for at, first in enumerate(edges) for second in edges[at + 2 :]
    )  # fmt: skip


def _cross(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    (a, b), (c, d) = first, second
    return _side(a, b, c) * _side(a, b, d) < 0 and _side(c, d, a) * _side(c, d, b) < 0


def _side(a: Point, b: Point, point: Point) -> float:
    return (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
