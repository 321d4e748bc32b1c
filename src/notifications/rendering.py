"""Puts messages into words: text and HTML from one template, so that both always say the same."""

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from kernel.i18n import N_, Catalog
from kernel.text import LocalizedText
from notifications.channels import OutgoingMail
from notifications.letterhead import Letterhead
from notifications.messages import SUBJECTS
from notifications.repository import Due

TEMPLATES = Path(__file__).parent / "templates"
FALLBACK_LANGUAGE = "fi"

_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")

# The same words as on the pages, so that mail and page cannot disagree.
_STATES = {
    "received": N_("Received"),
    "in_progress": N_("Being processed"),
    "waiting_for_resident": N_("Awaiting more information"),
    "planned": N_("Planned"),
    "answered": N_("Answered"),
    "handled": N_("Handled"),
    "transferred": N_("Transferred to another authority"),
    "rejected": N_("Rejected"),
    "merged": N_("Merged with another feedback"),
}
_WHY_SENDER = N_(
    "This mail was sent automatically. You got it because you gave your e-mail address when you sent feedback to us."
)
_WHY_STAFF = N_("This mail was sent automatically. You got it because you handle feedback.")
_NO_ANSWERS = N_("Please do not answer this mail: nobody reads the answers.")


class MailRenderer:
    """Makes mails. Every template is compiled at start, in every language; safe to share."""

    def __init__(self, catalogs: dict[str, Catalog]) -> None:
        self._catalogs = catalogs
        loader = FileSystemLoader(TEMPLATES)
        self._templates: dict[tuple[str, str, str], Template] = {}
        for language, catalog in catalogs.items():
            for form in ("html", "txt"):
                environment = _environment(loader, catalog, escape=form == "html")
                for template in SUBJECTS:
                    self._templates[language, form, template] = environment.get_template(f"{template}.txt")

    def render(self, due: Due, letterhead: Letterhead, *, tenant: str, reason: LocalizedText | None) -> OutgoingMail:
        """The mail of a delivery in its language; `reason` is why something is not published."""
        language = due.language if due.language in self._catalogs else FALLBACK_LANGUAGE
        catalog = self._catalogs[language]
        subject = catalog.text(SUBJECTS[due.template], reference=due.reference)
        # A due date at midnight is the end of the day before.
        due_day = (due.due_at - timedelta(microseconds=1)).astimezone(ZoneInfo(letterhead.time_zone))
        values = {
            "language": language,
            "subject": subject,
            "city": letterhead.name.in_language(language),
            "letterhead": letterhead,
            "signature": letterhead.config.signature.in_language(language),
            "why": catalog.gettext(_WHY_SENDER if due.staff_id is None else _WHY_STAFF),
            "no_answers": catalog.gettext(_NO_ANSWERS) if letterhead.config.reply_to is None else "",
            "feedback": due,
            "message": due.message,
            "joined": due.is_joined,
            "kept_answers": due.kept_answers,
            "kind": letterhead.kind_name(due.kind).in_language(language),
            "category": letterhead.category_name(due.category).in_language(language),
            "unit": letterhead.unit_name(due.unit).in_language(language),
            "state": catalog.gettext(_STATES[due.status]),
            "due_on": format_date(due_day, "long", locale=language),
            "withholding_reason": reason.in_language(language) if reason else "",
            "tracking_url": f"{letterhead.base_url}/tracking",
            "desk_url": f"{letterhead.base_url}/desk/feedback/{due.reference}",
        }
        text, html = (
            self._templates[language, form, due.template].render(values, layout=f"layout.{form}", parts=f"parts.{form}")
            for form in ("txt", "html")
        )
        return OutgoingMail(
            message_id=f"{due.created_at:%Y%m%d%H%M%S}.{due.id}.{tenant}@{letterhead.host}",
            tenant=tenant,
            sender_name=letterhead.config.sender_name.in_language(language),
            sender_address=letterhead.config.sender_address,
            reply_to=letterhead.config.reply_to,
            recipient=due.recipient,
            subject=subject,
            text=text,
            html=html,
            language=language,
            at=due.created_at,
        )


def _environment(loader: FileSystemLoader, catalog: Catalog, *, escape: bool) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=escape,  # noqa: S701 - off for the plain text only
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        catalog.gettext, catalog.ngettext, newstyle=True, pgettext=catalog.pgettext, npgettext=catalog.npgettext
    )
    environment.filters["paragraphs"] = _paragraphs
    return environment


def _paragraphs(words: str) -> list[list[str]]:
    return [paragraph.splitlines() for paragraph in _PARAGRAPHS.split(words.strip())]
