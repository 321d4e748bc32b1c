"""Texts in the service's three languages, with one explicit order of fallback."""

import msgspec

LANGUAGES = ("fi", "sv", "en")
_FALLBACK = ("fi", "en", "sv")
"""What a reader gets when their language is missing."""


class LocalizedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in Finnish, Swedish and English; a language the municipality does not offer may be missing.

    That every language a municipality offers is there is checked when its files are read.
    """

    fi: str = ""
    sv: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """The text in this language, else in Finnish, English, Swedish: the first there is."""
        for code in (language, *_FALLBACK):
            text = self.find(code)
            if text:
                return text
        return ""

    def find(self, language: str) -> str:
        """The text in exactly this language, or the empty text."""
        return str(getattr(self, language)) if language in LANGUAGES else ""

    def missing(self, languages: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the languages in which nothing is written."""
        return tuple(language for language in languages if not self.find(language).strip())

    def as_dict(self) -> dict[str, str]:
        """For interfaces: `{"fi": …, "sv": …, "en": …}`, each with its fallback."""
        return {language: self.in_language(language) for language in LANGUAGES}
