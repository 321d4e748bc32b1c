"""Who a municipality is and what it looks like: tenant.yaml and branding.yaml."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from zoneinfo import available_timezones

import msgspec

from kernel.fields import Colour, Email, HttpsUrl, Phone, Text, text_of_form
from kernel.text import LocalizedText
from kernel.yaml import Fault

LanguageCode = Literal["fi", "sv", "en"]

CONTRAST_MIN = 4.5
"""WCAG 2.2, success criterion 1.4.3."""
_LINEAR_UP_TO = 0.04045
_HOST_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_WHITE = "#ffffff"


class Inflections(msgspec.Struct, frozen=True, kw_only=True):
    """Finnish forms of the name. They are not built by rule: one city has `-lla`, the next `-ssa`."""

    nominative: Text
    genitive: Text
    """Whose: `… kaupunki`."""
    where: Text
    """In it: inessive or adessive, as people say it."""
    where_to: Text
    """To it: illative or allative."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """What the municipality calls itself and its parts."""

    municipality: LocalizedText
    """`kaupunki` or `kunta`, in each language."""
    department: LocalizedText
    """`toimiala`, `palvelualue`…, in each language."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Where a person helps."""

    name: LocalizedText
    email: Email | None = None
    phone: Phone | None = None
    url: HttpsUrl | None = None


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A place in WGS 84."""

    lat: Annotated[float, msgspec.Meta(ge=59, le=71)]
    lon: Annotated[float, msgspec.Meta(ge=19, le=32)]


class TenantDocument(msgspec.Struct, frozen=True, kw_only=True):
    """tenant.yaml."""

    slug: str
    """Name of the folder, of the schema and of the database role; never changes."""
    municipality_code: Annotated[str, text_of_form(r"^[0-9]{3}$", "write the three digits in quotes")]
    """Of Statistics Finland."""
    name: LocalizedText
    finnish_forms: Inflections
    words: Words
    official_languages: Annotated[tuple[LanguageCode, ...], msgspec.Meta(min_length=1)]
    """Languages the law obliges to (Language Act 423/2003)."""
    languages: Annotated[tuple[LanguageCode, ...], msgspec.Meta(min_length=1)]
    """Languages offered; a stranger gets the first."""
    hosts: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    """Labels under the platform's base domain, or full names; links are made with the first."""
    time_zone: str = "Europe/Helsinki"
    reference_prefix: Annotated[str, text_of_form(r"^[A-Z]{2,6}$", "write two to six capital letters")]
    """Begins every reference number: `ABC-2026-123`."""
    centre: Point
    """Where maps open."""
    contact: Contact
    """Shown where the service itself cannot help."""
    website: HttpsUrl
    privacy_notice: HttpsUrl | None = None
    """The municipality's own privacy notice for this service."""
    lead: LocalizedText | None = None
    """Opening sentence of the front page; without it, the product's."""

    def faults(self) -> Iterator[Fault]:
        """Host names must be host names, the zone a zone, the languages whole."""
        for at, host in enumerate(self.hosts):
            if not re.fullmatch(rf"{_HOST_LABEL}(\.{_HOST_LABEL})*", host):
                yield Fault(f".hosts[{at}]", f"{host!r} is no host name", "use a-z, 0-9, - and dots; no port, no path")
        if self.time_zone not in available_timezones():
            yield Fault(".time_zone", f"{self.time_zone!r} is no time zone", "write one like Europe/Helsinki")
        for name in ("official_languages", "languages"):
            codes = getattr(self, name)
            if len(set(codes)) < len(codes):
                yield Fault(f".{name}", "a language is listed twice", "list each once")
        for code in self.official_languages:
            if code not in self.languages:
                what = f"the official language {code} is not offered"
                yield Fault(".languages", what, f"add {code} (Language Act 423/2003)")

    def full_hosts(self, base_domain: str) -> tuple[str, ...]:
        """The hosts it answers on; labels stand under the platform's base domain."""
        return tuple(host if "." in host else f"{host}.{base_domain}" for host in self.hosts)


class Colours(msgspec.Struct, frozen=True, kw_only=True):
    """The brand's colours, as `#rrggbb`. Everything else on the pages is made to fit them."""

    primary: Colour
    """Buttons, the header's line; text `on_primary` stands on it, and it stands on white."""
    on_primary: Colour = _WHITE
    primary_dark: Colour
    """Under the pointer; text `on_primary` stands on it."""
    accent: Colour
    """Tints and marks; text `on_accent` stands on it."""
    on_accent: Colour = "#000000"

    def faults(self) -> Iterator[Fault]:
        """Every pair in which one is read on the other."""
        pairs = (
            ("primary", self.primary, "white", _WHITE),
            ("on_primary", self.on_primary, "primary", self.primary),
            ("on_primary", self.on_primary, "primary_dark", self.primary_dark),
            ("on_accent", self.on_accent, "accent", self.accent),
        )
        for name, colour, other_name, other in pairs:
            ratio = contrast(colour, other)
            if ratio < CONTRAST_MIN:
                what = f"{colour} on {other_name} {other} has a contrast of {ratio:.2f}:1, under {CONTRAST_MIN}:1"
                yield Fault(f".{name}", what, "make the darker of the two darker, or the lighter lighter")

    def as_dict(self) -> dict[str, str]:
        """For the style sheet: `{"primary": "#…", …}`."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class Branding(msgspec.Struct, frozen=True, kw_only=True):
    """branding.yaml."""

    logo_text: LocalizedText
    """Stands where a logo would; the municipality's name in letters."""
    colours: Colours


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return 0.2126 * _linear(red) + 0.7152 * _linear(green) + 0.0722 * _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= _LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4
