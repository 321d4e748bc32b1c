"""Finds every sentence in code and templates and keeps the catalogues in step with them.

    python tools/messages.py update     adds new sentences (untranslated), drops those that are gone
    python tools/messages.py missing    lists what still lacks a translation; exit status 1 if anything does

English is its own translation: `update` fills it in. Finnish and Swedish are written by hand in src/app/locales/*.po.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
LOCALES = SOURCE / "app" / "locales"
LANGUAGES = ("fi", "sv", "en")

KEYWORDS = {
    "_": None, "N_": None, "gettext": None, "text": None, "ngettext": (1, 2), "plural": (1, 2),
    "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip
"""`text` and `plural` are the methods of kernel.i18n.Catalog; calls with anything but a literal are passed over."""
JINJA_OPTIONS = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}
# `text(...)` is also SQLAlchemy's; only these packages speak to people through it.
TEXT_SPEAKERS = ("web", "notifications", "app")


def extract() -> Catalog:
    """Every sentence of the source, with the files it is in."""
    found = Catalog(project="Kuulolla", version="1", charset="utf-8", fuzzy=False)
    for path, message, comments, context in _sentences():
        found.add(message, locations=[(path, 0)], auto_comments=comments, context=context)
    return found


def _sentences() -> Iterator[tuple[str, str | tuple[str, ...], list[str], str | None]]:
    for path in sorted(SOURCE.rglob("*")):
        if not path.is_file():
            continue
        relative = path.relative_to(SOURCE)
        if "templates" in relative.parts and path.suffix in {".html", ".txt", ".xml"}:
            method, options = "jinja2.ext:babel_extract", JINJA_OPTIONS
        elif path.suffix == ".py" and "migrations" not in relative.parts:
            method, options = "python", {}
        else:
            continue
        keywords = dict(KEYWORDS)
        if relative.parts[0] not in TEXT_SPEAKERS or _speaks_sql(path):
            del keywords["text"]
        for _, message, comments, context in extract_from_file(
            method, path, keywords=keywords, comment_tags=("i18n:",), options=options, strip_comment_tags=True
        ):
            yield str(path.relative_to(ROOT)), message, comments, context


def _speaks_sql(path: Path) -> bool:
    return path.suffix == ".py" and "sqlalchemy" in path.read_text(encoding="utf-8")


def load(language: str) -> Catalog:
    """The catalogue as it is on disk; an empty one if there is none."""
    path = LOCALES / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language, project="Kuulolla", version="1", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Bring all catalogues in step with the source."""
    template = extract()
    for language in LANGUAGES:
        catalog = load(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.fuzzy = False
        # A date that changed with every run would make every run a change.
        catalog.creation_date = catalog.revision_date = datetime(2026, 11, 24, tzinfo=UTC)
        catalog.header_comment = f"# Kuulolla in {catalog.language_team or language}: see tools/messages.py."
        for message in catalog:
            if language == "en" and message.id:
                message.string = message.id
        with (LOCALES / f"{language}.po").open("wb") as file:
            write_po(file, catalog, width=110, sort_output=True, include_lineno=False, omit_header=False)


def untranslated(catalog: Catalog) -> list[Message]:
    """Sentences without a translation, or with an unsure one."""
    return [message for message in catalog if message.id and (not _complete(message) or message.fuzzy)]


def _complete(message: Message) -> bool:
    strings = message.string if isinstance(message.string, list | tuple) else (message.string,)
    return all(strings)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("update", "missing"))
    if parser.parse_args().command == "update":
        update()
    lacking = 0
    for language in LANGUAGES:
        for message in untranslated(load(language)):
            lacking += 1
            print(f"{language}: {message.id!r}")
    print(f"{lacking} untranslated")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
