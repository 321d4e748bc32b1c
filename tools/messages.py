"""Finds every sentence in code and templates and keeps the catalogues in step with them.

    python tools/messages.py update     adds new sentences (untranslated), drops those that are gone
    python tools/messages.py missing    lists what still lacks a translation; exit status 1 if anything does

English is its own translation: `update` fills it in. Finnish and Swedish are written by hand in src/app/locales/*.po.
"""

import argparse
import ast
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

MARKS = {"N_": 1, "_": 1, "gettext": 1, "text": 1, "ngettext": 2, "plural": 2, "pgettext": 1}
"""Function or method → how many of its first arguments are sentences (of `pgettext` the context comes first).

`text` and `plural` are the methods of kernel.i18n.Catalog. Only literals count: what comes out of a table was marked
with N_ where the table is.
"""
JINJA_OPTIONS = {"trimmed": "true", "silent": "false", "extensions": "jinja2.ext.i18n", "newstyle_gettext": "true"}
# `text(...)` is SQLAlchemy's too; a call of it names the module (`catalog.text`) only where people are spoken to.
TEXT_SPEAKERS = ("web", "notifications", "app")


def extract() -> Catalog:
    """Every sentence of the source, with the files it is in."""
    found = Catalog(project="Kuulolla", version="1", charset="utf-8", fuzzy=False)
    for path, message, context in _sentences():
        found.add(message, locations=[(path, 0)], context=context)
    return found


def _sentences() -> Iterator[tuple[str, str | tuple[str, ...], str | None]]:
    for path in sorted(SOURCE.rglob("*")):
        relative = path.relative_to(SOURCE)
        where = str(path.relative_to(ROOT))
        if "templates" in relative.parts and path.suffix in {".html", ".txt", ".xml"}:
            for _, message, _, context in extract_from_file("jinja2.ext:babel_extract", path, options=JINJA_OPTIONS):
                yield where, message, context
        elif path.suffix == ".py" and "migrations" not in relative.parts:
            for message, context in _in_python(path.read_text(encoding="utf-8"), relative.parts[0]):
                yield where, message, context


def _in_python(source: str, package: str) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "text" and (package not in TEXT_SPEAKERS or isinstance(node.func, ast.Name)):
            continue
        count = MARKS.get(name, 0)
        context = None
        arguments = node.args
        if name == "pgettext" and arguments and isinstance(arguments[0], ast.Constant):
            context, arguments = str(arguments[0].value), arguments[1:]
        sentences = [
            argument.value
            for argument in arguments[:count]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if count and len(sentences) == count:
            yield (sentences[0] if count == 1 else tuple(sentences)), context


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
        catalog.header_comment = "# The sentences of Kuulolla. Kept in step with the source by tools/messages.py."
        catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "Kuulolla"
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
