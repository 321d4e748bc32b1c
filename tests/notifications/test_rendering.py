"""What mails say, in every language, and what no mail may say."""

import dataclasses
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from factories.notifications import NOW, english_only, letterhead
from kernel.errors import Refused
from kernel.i18n import load_catalogs
from kernel.text import LocalizedText
from notifications.channels import OutgoingMail, compose, mask
from notifications.messages import SUBJECTS, reason_sentence, template_name
from notifications.rendering import MailRenderer
from notifications.repository import Due, Said
from tenancy.tenant import Tenant

TENANT = Tenant(slug="kerava", schema="t_kerava", role="k_t_kerava", hosts=("kerava.test",))
LOCALES = Path(__file__).parents[2] / "src" / "app" / "locales"
NO_WORDS = {"", "-- ", "City of kerava", "kerava regards", "> It is ploughed."} | {
    f"https://kerava.test/{path}" for path in ("tracking", "desk/feedback/T-2026-1")
}
"""Lines of a mail that are the same in every language here."""
HOSTILE = "<script>alert(\"x\")</script> & 'quoted'"


def make_due(template: str, *, language: str = "en", text: str = "It is ploughed.", staff: bool = False) -> Due:
    return Due(
        id=41,
        template=template,
        channel="email",
        recipient="resident@example.org",
        language=language,
        attempts=1,
        created_at=NOW,
        staff_id=5 if staff else None,
        message_id=3,
        feedback_id=2,
        reference="T-2026-1",
        kind="question",
        category="ploughing",
        status="received",
        unit="streets",
        authority=HOSTILE,
        answer_promised=True,
        wants_reply=True,
        due_at=datetime(2026, 3, 9, 22, 0, tzinfo=UTC),
        merged_into_id=None,
        address="resident@example.org",
        message=Said(text, "fi"),
        is_joined=False,
        kept_answers=[Said(text, "fi")],
    )


@pytest.fixture(scope="module")
def renderer() -> MailRenderer:
    return MailRenderer(english_only())


@pytest.fixture(scope="module")
def translated() -> MailRenderer:
    return MailRenderer(load_catalogs(LOCALES))


def render(renderer: MailRenderer, due: Due, *, reply_to: str | None = None, name: str | None = None) -> OutgoingMail:
    reason = LocalizedText(en=HOSTILE)
    return renderer.render(
        due, letterhead(TENANT, reply_to=reply_to, name=name), tenant=TENANT.slug, reason=reason
    )  # fmt: skip


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)
        if tag == "html":
            self.language = dict(attrs)["lang"] or ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "title" not in self.open:
            self.words += data.split()


def read_html(html: str) -> _Words:
    parser = _Words()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


@pytest.mark.parametrize("template", SUBJECTS)
def test_text_and_html_of_a_mail_say_the_same_words_in_the_same_order(renderer: MailRenderer, template: str) -> None:
    mail = render(renderer, make_due(template, text=f"{HOSTILE}\n\nSecond paragraph"))
    marks = {">", "--", ":"}
    plain = [word.rstrip(":") for word in mail.text.split() if word not in marks]
    rich = [word.rstrip(":") for word in read_html(mail.html).words if word not in marks]
    assert plain == rich


@pytest.mark.parametrize("template", SUBJECTS)
def test_html_of_a_mail_escapes_whatever_people_wrote(renderer: MailRenderer, template: str) -> None:
    mail = render(renderer, make_due(template, text=HOSTILE), name=HOSTILE)
    assert "script" not in read_html(mail.html).tags
    assert "&lt;script&gt;" in mail.html


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
@pytest.mark.parametrize("template", SUBJECTS)
def test_every_message_speaks_every_language(translated: MailRenderer, template: str, language: str) -> None:
    mail = render(translated, make_due(template, language=language))
    words = read_html(mail.html)
    assert (mail.language, words.language) == (language, language)
    english = render(translated, make_due(template, language="en"))
    same = {line for line in mail.text.splitlines() if line in english.text.splitlines() and line not in NO_WORDS}
    assert (same == set()) is (language != "en")


def test_an_unknown_language_is_written_in_finnish(renderer: MailRenderer) -> None:
    assert render(renderer, make_due("receipt", language="se")).language == "fi"


def test_a_due_date_at_midnight_is_told_as_the_day_that_ends_then(renderer: MailRenderer) -> None:
    assert "March 9, 2026" in render(renderer, make_due("receipt")).text


@pytest.mark.parametrize("template", ["assignment", "handed_over", "resident_wrote"])
def test_a_mail_to_staff_tells_nothing_of_what_a_resident_wrote_and_leads_to_the_desk(
    renderer: MailRenderer, template: str
) -> None:
    mail = render(renderer, make_due(template, staff=True, text="MARKER-7141"))
    assert "MARKER-7141" not in mail.text + mail.html + mail.subject
    assert "https://kerava.test/desk/feedback/T-2026-1" in mail.text
    assert "because you handle feedback" in mail.text


def test_a_mail_says_that_answers_are_not_read_only_when_there_is_nowhere_to_answer(renderer: MailRenderer) -> None:
    silent = render(renderer, make_due("receipt"))
    open_to_answers = render(renderer, make_due("receipt"), reply_to="feedback@kerava.example")
    assert "nobody reads" in silent.text
    assert "nobody reads" not in open_to_answers.text
    assert compose(silent)["Reply-To"] is None
    assert compose(open_to_answers)["Reply-To"] == "feedback@kerava.example"


def test_a_mail_wears_the_colours_of_its_municipality(renderer: MailRenderer) -> None:
    paper = dataclasses.replace(letterhead(TENANT), colour="#ffd000", text_colour="#112233")
    mail = renderer.render(make_due("receipt"), paper, tenant=TENANT.slug, reason=None)
    assert mail.html.count("background:#ffd000;color:#112233") == 2


def test_the_message_id_comes_from_the_delivery_and_is_the_same_at_every_attempt(renderer: MailRenderer) -> None:
    first, second = (render(renderer, make_due("receipt")) for _ in range(2))
    assert first.message_id == second.message_id == "20260302090000.41.kerava@kerava.test"


def parsed(mail: OutgoingMail) -> EmailMessage:
    message = message_from_bytes(compose(mail).as_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def make_mail(**changes: str) -> OutgoingMail:
    values = {
        "message_id": "1.kerava@kerava.test", "tenant": "kerava", "sender_name": 'Palaute, "Kerava" & Äö',
        "sender_address": "feedback@kerava.example", "recipient": "resident@example.org", "subject": "Älä säikähdä",
        "text": "Hei\n", "html": "<p>Hei</p>", "language": "fi",
    }  # fmt: skip
    return OutgoingMail(**(values | changes), at=NOW)


def test_a_mail_has_a_text_part_then_an_html_part_and_headers_that_survive_the_wire() -> None:
    message = parsed(make_mail(text="Hyvää päivää\n" + "x" * 2000 + "\n"))
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Subject"] == "Älä säikähdä"
    assert message["From"].addresses[0].display_name == 'Palaute, "Kerava" & Äö'
    assert (message["Message-ID"], message["Auto-Submitted"]) == ("<1.kerava@kerava.test>", "auto-generated")
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines()[:2] == ["Hyvää päivää", "x" * 2000]
    assert all(len(line) <= 998 for line in compose(make_mail(text="x" * 2000)).as_bytes().splitlines())


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": "a@example.org\r\nBcc: b@example.org"},
        {"recipient": "a@example.org, b@example.org"},
        {"recipient": "a@example.org\n"},
        {"recipient": "not an address"},
        {"recipient": "@example.org"},
        {"recipient": ""},
        {"recipient": f"a@{'x' * 70}.example"},
        {"subject": "Hello\r\nBcc: b@example.org"},
        {"sender_name": "City\nBcc: b@example.org"},
        {"language": "fi\r\nBcc: b@example.org"},
        {"message_id": "1@kerava.test>\r\nBcc: b@example.org"},
    ],
)
def test_nothing_can_add_a_header_or_a_recipient(changes: dict[str, str]) -> None:
    with pytest.raises(Refused, match="invalid_address"):
        compose(make_mail(**changes)).as_bytes()


def test_a_domain_outside_ascii_is_sent_in_the_form_every_server_takes() -> None:
    assert parsed(make_mail(recipient="aino@järvi.example"))["To"] == "aino@xn--jrvi-loa.example"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("testsender@gmail.com", "t********r@****l.com"),
        ("ab@x.fi", "**@x.fi"),
        ("aino@mail.example.org", "a**o@***********e.org"),
        ("nonsense", "********"),
    ],
)
def test_an_address_in_a_list_is_masked(address: str, shown: str) -> None:
    assert mask(address) == shown


def test_reasons_and_names_of_messages_have_words_and_a_server_code_stays_beside_them() -> None:
    catalog = english_only()["en"]
    assert reason_sentence(catalog, "mailbox: 550 5.1.1").endswith("does not accept mail to this address. (550 5.1.1)")
    assert reason_sentence(catalog, "something_new") == "Sending failed."
    assert all(template_name(catalog, template) != template for template in SUBJECTS)
