"""The catalogues are complete, in step with the source, and say the same with the same placeholders."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message

from kernel.errors import ConfigError
from kernel.i18n import load_catalogs

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "src" / "app" / "locales"
LANGUAGES = ("fi", "sv", "en")
PLACEHOLDER = re.compile(r"%(?:\((\w+)\)s|%|(.))")
# Sentences that are rightly the same in two languages.
SAME_IN_BOTH: set[str] = set()


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "tools" / "messages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def catalogs(messages: ModuleType) -> dict[str, Catalog]:
    return {language: messages.load(language) for language in LANGUAGES}


def keys(catalog: Catalog) -> set[tuple[object, object]]:
    return {(message.id, message.context) for message in catalog if message.id}


def variants(value: object) -> tuple[str, ...]:
    return tuple(str(part) for part in value) if isinstance(value, list | tuple) else (str(value),)


def entries(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def test_every_sentence_of_the_source_is_in_each_catalogue_and_nothing_else_is(
    messages: ModuleType, catalogs: dict[str, Catalog]
) -> None:
    source = keys(messages.extract())
    assert len(source) > 100
    for language, catalog in catalogs.items():
        missing, extra = source - keys(catalog), keys(catalog) - source
        assert not missing, f"{language} lacks {missing}: run tools/messages.py update and translate them"
        assert not extra, f"{language} has sentences nobody says: {extra}"
        assert not catalog.obsolete, f"{language} keeps obsolete sentences"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_empty_or_unsure(catalogs: dict[str, Catalog], language: str) -> None:
    incomplete = [m.id for m in entries(catalogs[language]) if m.fuzzy or not all(variants(m.string))]
    assert not incomplete


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_placeholders_of_its_sentence(catalogs: dict[str, Catalog], language: str) -> None:
    for message in entries(catalogs[language]):
        for english, text in zip(variants(message.id), variants(message.string), strict=True):
            assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(english)), f"{english!r} → {text!r}"
            assert not any(other for _, other in PLACEHOLDER.findall(text)), f"a lone percent sign: {text!r}"


@pytest.mark.parametrize("language", ["fi", "sv"])
def test_no_english_is_left_in_another_language(catalogs: dict[str, Catalog], language: str) -> None:
    left = [
        text
        for message in entries(catalogs[language])
        for english, text in zip(variants(message.id), variants(message.string), strict=False)
        if text == english and len(english.split()) > 2 and english not in SAME_IN_BOTH
    ]
    assert not left


def test_english_says_what_the_source_says(catalogs: dict[str, Catalog]) -> None:
    assert all(variants(message.id) == variants(message.string) for message in entries(catalogs["en"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_can_break_out_of_html(catalogs: dict[str, Catalog], language: str) -> None:
    """Jinja takes a translated sentence for markup, so that placeholders alone are escaped."""
    dangerous = [
        text
        for message in entries(catalogs[language])
        for text in variants(message.string)
        if any(sign in text for sign in '<>"&')
    ]
    assert not dangerous


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_ends_as_its_source_does(catalogs: dict[str, Catalog], language: str) -> None:
    for message in entries(catalogs[language]):
        for english, text in zip(variants(message.id), variants(message.string), strict=False):
            assert text == text.strip(), f"space around {text!r}"
            for sign in ".?:":
                assert text.endswith(sign) == english.endswith(sign), f"{english!r} → {text!r}"


def test_swedish_is_finland_swedish(catalogs: dict[str, Catalog]) -> None:
    sweden = re.compile(r"\b(återkoppling|kommuninnevånare|ärendenummer|vardagar|mejla?|feedback)\b", re.IGNORECASE)
    found = [text for m in entries(catalogs["sv"]) for text in variants(m.string) if sweden.search(text)]
    assert not found


def test_a_catalogue_that_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "fi.po").write_text('msgid ""\nmsgstr ""\n\nmsgid "Save"\nTallenna\n', encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load_catalogs(tmp_path)
    assert "fi.po:" in str(refused.value)


def test_a_directory_without_catalogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_catalogs(tmp_path)


def test_a_loaded_catalogue_speaks_and_counts() -> None:
    finnish = load_catalogs(LOCALES)["fi"]
    assert finnish.text("Topic: %(name)s", name="Katuvalot") == "Aihe: Katuvalot"
    assert finnish.plural("%(num)s photo", "%(num)s photos", 1) == "1 kuva"
    assert finnish.plural("%(num)s photo", "%(num)s photos", 3) == "3 kuvaa"
    assert finnish.gettext("No such sentence") == "No such sentence"
