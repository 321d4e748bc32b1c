"""The files pages are made with — style sheets, scripts — and the style sheet made of a tenant's colours.

Read once at start. An address carries the hash of the content, so it may be kept for ever; a changed file has another
address.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kernel.errors import NotFound

STATIC = Path(__file__).parent / "static"
_COMPRESSIBLE = ("text/", "application/javascript", "application/json", "image/svg+xml")

PAPER, INK = (255, 255, 255), (16, 20, 26)
"""Page colours of the light and the dark theme in kuulolla.css; the tenant's colours are fitted to them."""
TEXT_CONTRAST = 4.5
"""WCAG 2.2 success criterion 1.4.3."""
COMFORTABLE_CONTRAST = 7.0
"""WCAG 2.2 success criterion 1.4.6; used where we choose the colour ourselves."""

_LINEAR_UP_TO = 0.04045
"""Of sRGB; WCAG 2.2, definition of relative luminance."""
_HEX = re.compile(r"#[0-9a-fA-F]{6}")

Rgb = tuple[int, int, int]


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """One file, ready to be sent."""

    path: str
    media_type: str
    content: bytes
    gzipped: bytes | None
    """None where compressing gains nothing."""
    version: str
    """Hash of the content; also the entity tag."""


class Assets:
    """All files under `src/web/static`."""

    def __init__(self, directory: Path = STATIC) -> None:
        self._assets = {
            str(path.relative_to(directory)): make_asset(str(path.relative_to(directory)), path.read_bytes())
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }

    def get(self, path: str) -> Asset:
        """The file under this path. Raises NotFound; a path is looked up, never opened."""
        found = self._assets.get(path)
        if found is None:
            raise NotFound("asset_not_found")
        return found

    def url(self, path: str) -> str:
        """Address of a file, for ever the same content. An unknown path is a fault of a template: KeyError."""
        return f"/static/{path}?v={self._assets[path].version}"


def make_asset(path: str, content: bytes) -> Asset:
    """A file with what is sent along with it."""
    media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if media_type == "text/javascript":
        media_type = "application/javascript"
    return Asset(
        path=path,
        media_type=media_type,
        content=content,
        gzipped=gzip.compress(content, 9, mtime=0) if media_type.startswith(_COMPRESSIBLE) else None,
        version=hashlib.sha256(content).hexdigest()[:16],
    )


def tenant_css(colors: Mapping[str, str]) -> str:
    """The tenant's colours as CSS variables for the light and the dark theme.

    Needs `primary`; takes `primary_dark` (hover), `on_primary` (text on it) and `accent`. What is missing is derived.
    Links and tints are derived always, so that they can be read on both pages whatever the brand is. Raises ValueError
    for anything but `#rrggbb`: nothing else gets into the style sheet.
    """
    primary = _parse(colors["primary"])
    primary_dark = _parse(colors["primary_dark"]) if "primary_dark" in colors else mix(primary, (0, 0, 0), 0.3)
    on_primary = _parse(colors["on_primary"]) if "on_primary" in colors else _text_on(primary)
    accent = _parse(colors["accent"]) if "accent" in colors else mix(primary, PAPER, 0.6)
    on_accent = _text_on(accent)
    link = _until_readable(primary, PAPER, toward=(0, 0, 0), wanted=COMFORTABLE_CONTRAST)
    dark_link = _until_readable(primary, INK, toward=PAPER, wanted=COMFORTABLE_CONTRAST)
    light = {
        "brand-primary": primary,
        "brand-primary-dark": primary_dark,
        "brand-on-primary": on_primary,
        "brand-accent": accent,
        "brand-on-accent": on_accent,
        "brand-link": link,
        "brand-link-dark": mix(link, (0, 0, 0), 0.35),
        "brand-tint": mix(primary, PAPER, 0.94),
        "brand-tint-strong": mix(primary, PAPER, 0.84),
        "action": primary,
        "action-hover": primary_dark,
        "on-action": on_primary,
    }
    dark = {
        "brand-link": dark_link,
        "brand-link-dark": mix(dark_link, PAPER, 0.4),
        "brand-tint": mix(primary, INK, 0.86),
        "brand-tint-strong": mix(primary, INK, 0.7),
        "action": dark_link,
        "action-hover": mix(dark_link, PAPER, 0.4),
        "on-action": INK,
    }
    return (
        f":root{{{_declarations(light)}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_declarations(dark)}}}}}\n"
    )


def contrast(first: Rgb, second: Rgb) -> float:
    """Contrast ratio of WCAG 2.2 (1 to 21)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(color: Rgb, other: Rgb, share: float) -> Rgb:
    """`color` with a share (0 to 1) of another."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(color, other, strict=True))
    return red, green, blue


def _until_readable(color: Rgb, background: Rgb, *, toward: Rgb, wanted: float) -> Rgb:
    """The color, moved only as far as it must to be read on the background."""
    for step in range(101):
        candidate = mix(color, toward, step / 100)
        if contrast(candidate, background) >= wanted:
            return candidate
    return toward


def _text_on(background: Rgb) -> Rgb:
    return PAPER if contrast(PAPER, background) >= TEXT_CONTRAST else INK


def _luminance(color: Rgb) -> float:
    red, green, blue = (
        part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parse(value: str) -> Rgb:
    if not _HEX.fullmatch(value):
        raise ValueError(f"{value!r} is no colour: write it as #rrggbb")
    return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def _declarations(variables: Mapping[str, Rgb]) -> str:
    return "".join(f"--{name}:#{r:02x}{g:02x}{b:02x};" for name, (r, g, b) in variables.items())
