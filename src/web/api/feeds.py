"""`/feed.atom` (RFC 4287) and `/feed.json` (JSON Feed 1.1): published feedback, newest first."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import msgspec
from litestar import Response, get

from publication.repository import PublicFeedback, PublicFilter, list_public
from web import names
from web.dependencies import TheSession, TheSite
from web.site import Site

ENTRIES = 50
TITLE_MAX = 80
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ATOM = "http://www.w3.org/2005/Atom"


@get("/feed.atom", opt={"public": True, "read_only": True}, include_in_schema=False)
async def atom(site: TheSite, session: TheSession) -> Response[bytes]:
    """The Atom feed."""
    entries = (await list_public(session, PublicFilter(), None, ENTRIES, never=site.config.never_published)).items
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": site.language})
    _add(feed, "id", site.url("/published"))
    _add(feed, "title", names.feed_title(site))
    _add(
        feed,
        "updated",
        _rfc3339(max((entry.modified_at for entry in entries), default=datetime(1970, 1, 1, tzinfo=UTC))),
    )
    _add(feed, "link", None, rel="self", href=site.url("/feed.atom"))
    _add(feed, "link", None, rel="alternate", type="text/html", href=site.url("/published"))
    for entry in entries:
        element = ET.SubElement(feed, f"{{{ATOM}}}entry")
        _add(element, "id", site.url(f"/published/{entry.reference}"))
        _add(element, "title", _title(entry))
        _add(element, "published", _rfc3339(entry.published_at))
        _add(element, "updated", _rfc3339(entry.modified_at))
        _add(element, "link", None, rel="alternate", type="text/html", href=site.url(f"/published/{entry.reference}"))
        _add(element, "category", None, term=entry.category, label=names.category_name(site, entry.category))
        author = ET.SubElement(element, f"{{{ATOM}}}author")
        _add(author, "name", entry.shown_name or names.anonymous(site))
        _add(element, "content", _content(site, entry), type="text")
    body = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml; charset=utf-8")


@get("/feed.json", opt={"public": True, "read_only": True}, include_in_schema=False)
async def json_feed(site: TheSite, session: TheSession) -> Response[bytes]:
    """The JSON Feed."""
    entries = (await list_public(session, PublicFilter(), None, ENTRIES, never=site.config.never_published)).items
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": names.feed_title(site),
        "home_page_url": site.url("/published"),
        "feed_url": site.url("/feed.json"),
        "language": site.language,
        "items": [
            {
                "id": site.url(f"/published/{entry.reference}"),
                "url": site.url(f"/published/{entry.reference}"),
                "title": _title(entry),
                "content_text": _content(site, entry),
                "date_published": _rfc3339(entry.published_at),
                "date_modified": _rfc3339(entry.modified_at),
                "language": entry.language,
                "authors": [{"name": entry.shown_name or names.anonymous(site)}],
                "tags": [names.category_name(site, entry.category), names.kind_name(site, entry.kind)],
            }
            for entry in entries
        ],
    }
    return Response(msgspec.json.encode(feed), media_type="application/feed+json; charset=utf-8")


def _add(parent: ET.Element, name: str, text: str | None, **attributes: str) -> None:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    # XML 1.0 has no place for control characters; a resident's text may hold them.
    element.text = text and _NOT_XML.sub("", text)


def _title(entry: PublicFeedback) -> str:
    first = " ".join(entry.text.split())
    return first if len(first) <= TITLE_MAX else first[: TITLE_MAX - 1].rsplit(" ", 1)[0] + "…"


def _content(site: Site, entry: PublicFeedback) -> str:
    answers = [f"{names.answer_heading(site)}\n{answer.text}" for answer in entry.answers]
    return "\n\n".join([entry.text, *answers])


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


HANDLERS = [atom, json_feed]
