"""Puts views into templates: one Jinja environment for each language and time zone, all templates compiled at start."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import get_month_names
from babel.numbers import format_decimal
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from jinja2.utils import pass_context
from markupsafe import Markup, escape

from kernel.i18n import Catalog
from web.assets import Assets
from web.views import Page, View
from web.words import WORDS

TEMPLATES = Path(__file__).parent / "templates"

_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")


class Renderer:
    """Makes pages. Safe to share; holds nothing of a request."""

    def __init__(
        self,
        catalogs: dict[str, Catalog],
        assets: Assets,
        *,
        time_zones: Iterable[str] = ("Europe/Helsinki",),
        directory: Path = TEMPLATES,
    ) -> None:
        self._catalogs = catalogs
        self._assets = assets
        self._loader = FileSystemLoader(directory)
        self._compiled = _InMemory()
        self._environments: dict[tuple[str, str], Environment] = {}
        for language in catalogs:
            for zone in time_zones:
                environment = self._environment(language, zone)
                for name in environment.list_templates(extensions=["html"]):
                    environment.get_template(name)

    def render(self, page: Page, view: View) -> bytes:
        """The page in its language; the view decides the template."""
        environment = self._environment(page.language, page.time_zone)
        return environment.get_template(view.template).render(page=page, view=view).encode()

    def _environment(self, language: str, zone: str) -> Environment:
        key = (language, zone)
        if key not in self._environments:
            self._environments[key] = self._make_environment(self._catalogs[language], ZoneInfo(zone))
        return self._environments[key]

    def _make_environment(self, catalog: Catalog, zone: ZoneInfo) -> Environment:
        environment = Environment(
            loader=self._loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            extensions=["jinja2.ext.i18n"],
            bytecode_cache=self._compiled,
        )
        environment.policies["ext.i18n.trimmed"] = True
        # The extension adds this method; the stubs do not know it.
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            catalog.gettext, catalog.ngettext, newstyle=True, pgettext=catalog.pgettext, npgettext=catalog.npgettext
        )
        moments = Moments(catalog.language, zone)
        environment.filters |= {
            "day": moments.day,
            "moment": moments.moment,
            "deadline": moments.deadline,
            "iso_day": moments.iso_day,
            "number": _in_words_of(lambda value: format_decimal(value, locale=catalog.language)),
            "paragraphs": paragraphs,
            "static_url": self._assets.url,
            "named": _in_words_of(lambda code, table: catalog.gettext(WORDS[table][code])),
        }
        return environment


class Moments:
    """Dates and times as one language writes them, in one time zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self._language = language
        self._zone = zone
        self._months = get_month_names("wide", locale=language)
        self._before_time = {"fi": " klo ", "sv": " kl. "}.get(language, ", ")

    def day(self, at: datetime) -> Markup:
        """`1.9.2025`, `1 September 2025`."""
        local = at.astimezone(self._zone)
        return self._element(local, self.day_text(local))

    def moment(self, at: datetime) -> Markup:
        """`1.9.2025 klo 14.30`, `1.9.2025 kl. 14.30`, `1 September 2025, 14:30`."""
        local = at.astimezone(self._zone)
        return self._element(local, self.moment_text(local))

    def deadline(self, at: datetime) -> Markup:
        """The day by whose end something is due: what is due at midnight is due on the day before."""
        local = at.astimezone(self._zone)
        if local.time() == time(0):
            local -= timedelta(days=1)
        return Markup('<time datetime="{}">{}</time>').format(local.date().isoformat(), self.day_text(local))

    def iso_day(self, at: datetime) -> str:
        """`2025-09-01`."""
        return at.astimezone(self._zone).date().isoformat()

    def day_text(self, local: datetime) -> str:
        """A local time's day as text."""
        if self._language == "en":
            return f"{local.day} {self._months[local.month]} {local.year}"
        return f"{local.day}.{local.month}.{local.year}"

    def moment_text(self, local: datetime) -> str:
        """A local time as text."""
        clock = f"{local.hour}:{local.minute:02d}" if self._language == "en" else f"{local.hour}.{local.minute:02d}"
        return f"{self.day_text(local)}{self._before_time}{clock}"

    def _element(self, local: datetime, text: str) -> Markup:
        exact = local.astimezone(UTC).isoformat(timespec="minutes").replace("+00:00", "Z")
        return Markup('<time datetime="{}">{}</time>').format(exact, text)


def paragraphs(text: str) -> Markup:
    """A person's words as paragraphs and line breaks. Escaped; nothing in them becomes a link."""
    blocks = _PARAGRAPHS.split(text.replace("\r\n", "\n").strip())
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>\n").join(escape(line) for line in block.split("\n")))
        for block in blocks
    )


def _in_words_of(function: Any) -> Any:
    """Keep a filter from being computed when a template is compiled: all languages share what is compiled."""

    @pass_context
    def filter_(_: Context, *args: Any) -> Any:
        return function(*args)

    return filter_


class _InMemory(BytecodeCache):
    """Compiles each template once for all environments."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()
