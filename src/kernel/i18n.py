"""Catalogues of translations: English sentences in the code, Finnish, Swedish and English in `.po` files.

The `.po` files are read at start, so nothing compiled is committed. What a catalogue lacks comes out in English; that
nothing is lacking is a test's business (`tests/test_translations.py`).
"""

import gettext
import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from kernel.errors import ConfigError, Problem


class Catalog:
    """The sentences of one language. The gettext methods are those Jinja's i18n extension asks for."""

    def __init__(self, language: str, translations: gettext.NullTranslations) -> None:
        self.language = language
        self.gettext = translations.gettext
        self.ngettext = translations.ngettext
        self.pgettext = translations.pgettext
        self.npgettext = translations.npgettext

    def text(self, message: str, **params: str | float) -> str:
        """The sentence with its placeholders (`%(name)s`) filled in; a literal percent sign is written `%%`."""
        return self.gettext(message) % params

    def plural(self, singular: str, plural: str, number: int, **params: str | float) -> str:
        """The sentence for a number, which fills `%(num)s`."""
        return self.ngettext(singular, plural, number) % {"num": number, **params}


def N_(message: str) -> str:  # noqa: N802 - the name gettext's tools know
    """Mark a sentence for the catalogues where it is written in a table; it is translated where it is used."""
    return message


def load_catalogs(directory: Path) -> dict[str, Catalog]:
    """Language → catalogue, one for each `.po` file. Raises ConfigError for one that cannot be read."""
    catalogs: dict[str, Catalog] = {}
    problems: list[Problem] = []
    for path in sorted(directory.glob("*.po")):
        try:
            with path.open("rb") as file:
                template = read_po(file, locale=path.stem, abort_invalid=True)
        except PoFileError as error:
            problems.append(
                Problem(
                    file=str(path),
                    line=error.lineno or 0,
                    path="$",
                    what=f"is no catalogue ({error})",
                    remedy="mend it, or take the one from version control",
                )
            )
            continue
        compiled = io.BytesIO()
        write_mo(compiled, template)
        compiled.seek(0)
        catalogs[path.stem] = Catalog(path.stem, gettext.GNUTranslations(compiled))
    if not catalogs and not problems:
        problems.append(
            Problem(
                file=str(directory),
                line=0,
                path="$",
                what="holds no catalogue",
                remedy="point to the directory with fi.po, sv.po and en.po",
            )
        )
    if problems:
        raise ConfigError(tuple(problems))
    return catalogs
