"""Every page, in every language: sound HTML, no foreign script or style, nobody's words taken for markup."""

import gzip
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from example_facts import TOWNS
from page_examples import VIEWS, page

from feedback.status import Status
from kernel.errors import FieldProblem
from kernel.i18n import load_catalogs
from web.assets import Assets
from web.rendering import TEMPLATES, Moments, Renderer, paragraphs
from web.views import FeedbackForm, FormState, TrackedFeedback, View
from web.words import WORDS, error_words, history_sentence, problem_messages

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGS = load_catalogs(ROOT / "src" / "app" / "locales")
RENDERER = Renderer(CATALOGS, Assets())
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
LANGUAGES = ("fi", "sv", "en")
Attributes = dict[str, str | None]


class Document(HTMLParser):
    """What a page consists of; refuses a tag that is not closed where it must be."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, Attributes]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice on <{tag}>: {names}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> inside <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, *tags: str) -> Iterator[Attributes]:
        return (attributes for tag, attributes in self.elements if tag in tags)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def render(name: str, language: str = "fi", town: str = "alfala", view: View | None = None) -> str:
    path, example = VIEWS[name]
    return RENDERER.render(page(town, path, language), view or example).decode()


every_page = pytest.mark.parametrize("name", VIEWS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def all_views(base: type[View] = View) -> set[type[View]]:
    return {*base.__subclasses__(), *(deep for one in base.__subclasses__() for deep in all_views(one))}


def test_every_view_has_a_template_and_an_example() -> None:
    for view in all_views():
        assert (TEMPLATES / view.template).is_file()
    assert {type(view) for _, view in VIEWS.values()} == all_views()


@every_page
@every_language
def test_a_page_is_sound_html(name: str, language: str) -> None:
    document = Document(render(name, language))
    ids = [str(attributes["id"]) for _, attributes in document.elements if "id" in attributes]
    assert not [one for one, times in Counter(ids).items() if times > 1], "an id twice"
    for _, attributes in document.elements:
        for reference in ("for", "aria-describedby", "aria-labelledby"):
            assert set((attributes.get(reference) or "").split()) <= set(ids), f"{reference} to nowhere"
        href = attributes.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in ids, f"{href} leads nowhere"


@every_page
def test_a_page_says_its_language_and_has_one_title_and_one_first_heading(name: str) -> None:
    for language in LANGUAGES:
        document = Document(render(name, language))
        assert next(document.all("html"))["lang"] == language
        assert len(list(document.all("title"))) == 1
        levels = [int(tag[1]) for tag, _ in document.elements if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels


@every_page
def test_every_control_has_a_label(name: str) -> None:
    document = Document(render(name))
    labelled = {attributes.get("for") for attributes in document.all("label")}
    for attributes in document.all("input", "select", "textarea"):
        if attributes.get("type") != "hidden":
            assert attributes.get("id") in labelled, attributes


@every_page
def test_a_page_needs_nothing_that_the_content_policy_refuses(name: str) -> None:
    for tag, attributes in Document(render(name)).elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [one for one in attributes if one.startswith("on")]
        if tag == "script":
            assert str(attributes["src"]).startswith("/static/")
        if tag in {"link", "img"}:
            source = attributes.get("src") or attributes.get("href") or ""
            assert source.startswith("/"), source


@pytest.mark.parametrize("name", [name for name, (path, _) in VIEWS.items() if path.startswith("/desk")])
def test_every_form_of_the_staff_carries_the_token_of_the_session(name: str) -> None:
    html = render(name)
    forms = re.findall(r'<form method="post".*?</form>', html, re.DOTALL)
    assert forms
    assert all('name="csrf_token" value="token-of-the-session"' in form for form in forms)


@pytest.mark.parametrize("name", [name for name, (path, _) in VIEWS.items() if not path.startswith("/desk")])
def test_pages_for_residents_load_nothing_but_their_own_small_script(name: str) -> None:
    scripts = [attributes["src"] for attributes in Document(render(name)).all("script")]
    assert len(scripts) == 1
    assert str(scripts[0]).startswith("/static/kuulolla.js")


def test_the_name_on_a_page_is_the_town_it_belongs_to() -> None:
    for name in VIEWS:
        for town, other in (("alfala", "Betakoski"), ("betakoski", "Alfala")):
            html = render(name, town=town)
            assert TOWNS[town] in html
            assert other not in html


@pytest.mark.parametrize("name", ["desk", "tracked", "detail", "publish"])
def test_words_of_residents_are_escaped_and_never_become_links(name: str) -> None:
    html = render(name)
    assert "&lt;b&gt;Kiitos&lt;/b&gt;" in html
    assert "<b>" not in html
    assert str(paragraphs("rikki.Korjatkaa http://example.org kuva.jpg")).count("<a") == 0


def test_paragraphs_keep_line_breaks_and_nothing_else() -> None:
    assert paragraphs("Eka\r\nrivi\n\n\nToka <i>") == "<p>Eka<br>\nrivi</p><p>Toka &lt;i&gt;</p>"


def test_a_form_with_problems_keeps_what_was_typed_and_leads_to_each_fault() -> None:
    html = render("form_errors")
    document = Document(html)
    assert ">\nLyhyt</textarea>" in html
    assert 'value="matti(at)example"' in html
    chosen = [one for one in document.all("input") if "checked" in one]
    assert [one["value"] for one in chosen] == ["nickname"]
    links = [str(one["href"]) for one in document.all("a") if str(one.get("href")).startswith("#")]
    assert [link for link in links if link != "#main"] == [
        "#kind", "#category", "#text", "#location-address", "#contact-email", "#publication-nickname",
    ]  # fmt: skip
    faulty = next(one for one in document.all("input") if one.get("id") == "contact-email")
    assert faulty["aria-invalid"] == "true"
    assert faulty["aria-describedby"] == "contact-email-error"
    assert "<title>Virhe: " in html


def test_text_that_begins_with_a_line_break_keeps_it() -> None:
    """HTML drops the first line break of a textarea, so the template puts one in front."""
    view = msgspec.structs.replace(VIEWS["form"][1], form=FormState(values={"text": "\nalku"}))
    assert ">\n\nalku</textarea>" in render("form", view=view)


def test_no_publishing_permission_is_ticked_in_advance() -> None:
    assert not [one for one in Document(render("form")).all("input") if "checked" in one]


def test_the_form_names_its_controls_as_the_problems_name_them() -> None:
    names = {one.get("name") for one in Document(render("form")).all("input", "select", "textarea")}
    assert names == {
        "idempotency_key", "kind", "category", "text", "location.address", "location.lat", "location.lon", "photos",
        "wants_reply", "contact.name", "contact.email", "contact.phone", "publication.permission",
        "publication.nickname",
    }  # fmt: skip


def test_the_form_page_is_light_enough_for_a_slow_line() -> None:
    html = render("form").encode()
    assets = Assets()
    parts = [gzip.compress(html)]
    for address in re.findall(rb'(?:src|href)="/static/([^"?]+)\?', html):
        if address != b"tenant.css":
            asset = assets.get(address.decode())
            parts.append(asset.gzipped or asset.content)
    assert len(parts[0]) <= 14_000
    assert sum(len(part) for part in parts) <= 60_000


@every_language
def test_every_code_has_words_in_every_language(language: str) -> None:
    catalog = CATALOGS[language]
    assert set(WORDS["status"]) == set(WORDS["status_for_sender"]) == {status.value for status in Status}
    for status in Status:
        view = msgspec.structs.replace(VIEWS["tracked"][1], status=status.value)
        assert isinstance(view, TrackedFeedback)
        assert catalog.gettext(WORDS["status"][status.value]) in render("tracked", language, view=view)


def test_moments_are_written_as_each_language_writes_them_in_the_zone_of_the_tenant() -> None:
    at = datetime(2025, 9, 1, 11, 30, tzinfo=UTC)
    zone = ZoneInfo("Europe/Helsinki")
    written = {language: Moments(language, zone) for language in LANGUAGES}
    assert written["fi"].moment(at) == '<time datetime="2025-09-01T11:30Z">1.9.2025 klo 14.30</time>'
    assert written["sv"].moment(at) == '<time datetime="2025-09-01T11:30Z">1.9.2025 kl. 14.30</time>'
    assert written["en"].moment(at) == '<time datetime="2025-09-01T11:30Z">1 September 2025, 14:30</time>'
    assert ">1.9.2025<" in written["fi"].day(datetime(2025, 8, 31, 22, tzinfo=UTC))


def test_what_is_due_at_midnight_is_shown_as_due_on_the_day_that_ends() -> None:
    finnish = Moments("fi", ZoneInfo("Europe/Helsinki"))
    assert ">30.11.2026<" in finnish.deadline(datetime(2026, 11, 30, 22, tzinfo=UTC))
    assert ">1.12.2026<" in finnish.deadline(datetime(2026, 12, 1, 10, tzinfo=UTC))


def test_languages_do_not_leak_into_each_other_through_compiled_templates() -> None:
    for language, word in (("fi", "Anna palautetta"), ("sv", "Ge respons"), ("en", "Give feedback"), ("fi", "Anna")):
        assert word in render("front", language)


def test_a_problem_of_a_photo_is_shown_at_the_photos() -> None:
    problems = [FieldProblem("photos.1", "photo_too_large", {"largest_mb": 20})]
    form = FormState(errors=problem_messages(CATALOGS["en"], problems))
    assert form.messages("photos") == ("A photo is too large. One photo may be at most 20 MB.",)
    assert form.summary[0][0] == "photos"
    view = msgspec.structs.replace(VIEWS["form"][1], form=form)
    assert isinstance(view, FeedbackForm)
    assert 'href="#photos"' in render("form", "en", view=view)


def test_an_unknown_problem_and_an_unknown_error_still_get_words() -> None:
    catalog = CATALOGS["en"]
    assert problem_messages(catalog, [FieldProblem("text", "new_code")])["text"][0].startswith("There is something")
    assert error_words(catalog, 418, "teapot").title == error_words(catalog, 400, "x").title
    assert error_words(catalog, 502, "x").title == "There is a fault in the service"


def test_a_step_of_the_history_says_where_the_feedback_is_since() -> None:
    sentence = history_sentence(CATALOGS["fi"], "transferred", unit_name="Puistot", status="received")
    assert sentence == "Siirretty toiseen yksikköön. Yksikkö: Puistot. Tila: Saapunut"
