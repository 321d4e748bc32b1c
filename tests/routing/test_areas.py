"""Which places lie in an area."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.areas import Area, Point, is_simple

SQUARE: tuple[Point, ...] = ((25.0, 60.0), (26.0, 60.0), (26.0, 61.0), (25.0, 61.0))
# A letter C, open to the east.
BAY: tuple[Point, ...] = (
    (25.0, 60.0), (26.0, 60.0), (26.0, 60.3), (25.3, 60.3), (25.3, 60.7), (26.0, 60.7), (26.0, 61.0), (25.0, 61.0),
)  # fmt: skip
DIAMOND: tuple[Point, ...] = ((25.5, 60.0), (26.0, 60.5), (25.5, 61.0), (25.0, 60.5))


@pytest.mark.parametrize(
    ("ring", "lat", "lon", "inside"),
    [
        (SQUARE, 60.5, 25.5, True),
        (SQUARE, 60.5, 24.999, False),
        (SQUARE, 60.5, 26.001, False),
        (SQUARE, 61.001, 25.5, False),
        (SQUARE, 59.999, 25.5, False),
        (BAY, 60.5, 25.1, True),
        (BAY, 60.5, 25.8, False),
        (BAY, 60.1, 25.8, True),
        (BAY, 60.9, 25.8, True),
        (DIAMOND, 60.5, 25.5, True),
        # Level with two corners: each is counted once.
        (DIAMOND, 60.5, 24.9, False),
        (DIAMOND, 60.5, 26.1, False),
        (DIAMOND, 60.1, 25.1, False),
        # Latitude and longitude are not mixed up.
        (SQUARE, 25.5, 60.5, False),
    ],
)
def test_a_place_lies_inside_or_outside(ring: tuple[Point, ...], lat: float, lon: float, *, inside: bool) -> None:
    assert Area(code="a", rings=(ring,)).contains(lat, lon) is inside


def test_an_area_of_two_pieces_holds_both() -> None:
    area = Area(code="a", rings=(SQUARE, ((28.0, 62.0), (29.0, 62.0), (28.0, 63.0))))
    assert area.contains(60.5, 25.5)
    assert area.contains(62.2, 28.2)
    assert not area.contains(61.5, 27.0)
    assert area.bounds == (25.0, 60.0, 29.0, 63.0)


@given(st.floats(59.5, 61.5), st.floats(24.5, 26.5))
def test_two_neighbours_share_a_border_and_no_place(lat: float, lon: float) -> None:
    west = Area(code="west", rings=(((24.0, 59.0), (25.5, 59.0), (25.3, 62.0), (24.0, 62.0)),))
    east = Area(code="east", rings=(((25.5, 59.0), (27.0, 59.0), (27.0, 62.0), (25.3, 62.0)),))
    assert west.contains(lat, lon) is not east.contains(lat, lon)


@given(st.floats(59.5, 61.5), st.floats(24.5, 26.5), st.integers(0, 7), st.booleans())
def test_where_the_outline_begins_and_which_way_it_runs_does_not_matter(
    lat: float, lon: float, start: int, backwards: bool  # noqa: FBT001 - hypothesis
) -> None:  # fmt: skip
    turned = BAY[start:] + BAY[:start]
    ring = tuple(reversed(turned)) if backwards else turned
    on_border = lat in {60.0, 60.3, 60.7, 61.0} or lon in {25.0, 25.3, 26.0}
    same = Area(code="a", rings=(ring,)).contains(lat, lon) is Area(code="a", rings=(BAY,)).contains(lat, lon)
    assert same or on_border


def test_an_outline_that_crosses_itself_is_not_simple() -> None:
    assert is_simple(SQUARE)
    assert is_simple(BAY)
    assert not is_simple((SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]))
