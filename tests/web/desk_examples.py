"""Filled views of the staff's pages."""

from typing import Any

import msgspec
from example_facts import CATS, LONG, D, T

from web.views import (
    ConflictField,
    ConflictPage,
    Contact,
    Delivery,
    DeskDetail,
    DeskMessage,
    DifferencePart,
    FormState,
    Inbox,
    InboxFilter,
    InboxRow,
    InboxSection,
    LoginPage,
    Option,
    OptionGroup,
    Photo,
    PublicationEdit,
    PublicationItem,
    PublicationQueue,
    PublicationRow,
    StaffHistoryEntry,
    View,
)


def row(n: int, **more: Any) -> InboxRow:
    fields: dict[str, Any] = {
        "reference": f"AL-2026-00{n}1",
        "href": "/desk/feedback/x",
        "snippet": "Kauppakadun ja Rantatien risteyksen suojatie on ollut auraamatta jo kolme päivää.",
        "kind": "fault",
        "kind_name": "Vikailmoitus",
        "category_name": "Lumenauraus",
        "unit_name": "Kunnossapito",
        "status": "received",
        "due_at": T + D(days=3),
        "due": "on_time",
        "received_at": T,
        "photo_count": 2,
    }
    return InboxRow(**(fields | more))


UNITS = (
    OptionGroup(
        label="Kaupunkiympäristö",
        options=(
            Option(value="puisto", text="Puisto- ja viheralueet"),
            Option(value="katu", text="Katu- ja liikennesuunnittelu"),
        ),
    ),
)
REASONS = (
    Option(value="opinion", text="Mielipide, ei vaadi vastausta"),
    Option(value="done", text="Asia on jo hoidettu"),
)
DESK = DeskDetail(
    reference="AL-2026-0042",
    version=3,
    kind="fault",
    kind_name="Vikailmoitus",
    category_name="Lumenauraus",
    department_name="Kaupunkiympäristö",
    unit_name="Kunnossapito",
    status="in_progress",
    text=LONG,
    text_language="fi",
    channel="web",
    address="Kauppakatu 3",
    lat=60.40231,
    lon=25.10112,
    map_href="https://example.org",
    photos=(Photo(href="/static/icon.svg", width=200, height=200),),
    received_at=T,
    due_at=T + D(days=3),
    due="due_soon",
    answer_working_days=3,
    answer_promised=True,
    wants_reply=True,
    assignee_name="Aino Virtanen",
    is_mine=True,
    contact=Contact(name="M*** M***", email="m******a@****e.org", phone="*******567"),
    permission="nickname",
    nickname="Talvipyöräilijä",
    publication_state="awaiting_decision",
    publication_href="/desk/publication/AL-2026-0042",
    routing_path=("kind = fault", "category = auraus → kunnossapito"),
    messages=(
        DeskMessage(
            kind="comment",
            text="Urakoitsijalle soitettu, tulee huomenna.",
            language="fi",
            at=T + D(hours=3),
            author_name="Aino Virtanen",
        ),
        DeskMessage(
            kind="interim_reply",
            text="Hei! Urakoitsija tulee paikalle huomenna aamulla.",
            language="fi",
            at=T + D(hours=4),
            author_name="Aino Virtanen",
        ),
        DeskMessage(kind="resident_message", text="Kiitos, hyvä tietää.", language="fi", at=T + D(hours=5)),
    ),
    history=(
        StaffHistoryEntry(
            at=T + D(hours=2),
            text="Siirretty toiseen yksikköön. Yksikkö: Kunnossapito",
            actor_name="Pekka Niemi",
            note="Kuuluu teille: risteys on kunnossapidon reitillä.",
        ),
        StaffHistoryEntry(at=T, text="Palaute vastaanotettu"),
    ),
    deliveries=(
        Delivery(title="Kuittaus", recipient="m******a@****e.org", state="delivered", at=T + D(minutes=1), attempts=1),
        Delivery(
            title="Välivastaus",
            recipient="m******a@****e.org",
            state="undeliverable",
            at=T + D(hours=4),
            attempts=3,
            reason="550 mailbox unknown",
        ),
    ),
    allowed=frozenset(
        [
            "take",
            "assign",
            "answer",
            "interim_reply",
            "ask_sender",
            "comment",
            "transfer",
            "change_category",
            "plan",
            "handle",
            "transfer_to_authority",
            "reject",
            "merge",
            "read_contact",
        ]
    ),
    units=UNITS,
    categories=CATS,
    assignees=(Option(value="", text="Ei kukaan"), Option(value="2", text="Aino Virtanen")),
    reasons=REASONS,
)
FILTERS = tuple(
    InboxFilter(
        name=name, label=label, options=(Option(value="", text="Kaikki"), Option(value="a", text="Kunnossapito"))
    )
    for name, label in (("unit", "Yksikkö"), ("status", "Tila"), ("kind", "Tyyppi"), ("due", "Määräaika"))
)

DESK_VIEWS: dict[str, tuple[str, View]] = {
    "login": (
        "/desk/login",
        LoginPage(
            form=FormState(
                values={"email": "aino@example.org"}, errors={"password": ("Sähköpostiosoite tai salasana on väärä",)}
            )
        ),
    ),
    "inbox": (
        "/desk",
        Inbox(
            sections=(
                InboxSection(text="Omat", href="/desk?section=mine", count=7, is_current=True),
                InboxSection(text="Ei kenelläkään", href="/desk?section=unassigned", count=12),
                InboxSection(text="Kaikki avoimet", href="/desk?section=open", count=1234),
                InboxSection(text="Suljetut", href="/desk?section=closed"),
            ),
            filters=FILTERS,
            section="mine",
            rows=(
                row(1, due="overdue"),
                row(2, due="due_soon", status="in_progress", assignee_name="Aino Virtanen"),
                row(
                    3,
                    status="waiting_for_resident",
                    due="paused",
                    kind="question",
                    kind_name="Kysymys",
                    category_name="Kirjasto",
                    unit_name="Kirjasto",
                    snippet="Miksi kirjasto on kiinni pyhäpäivän aattona?",
                ),
                row(4, status="planned"),
                row(5, status="answered", due="closed", due_at=None),
            ),
            total=7,
            next_href="/desk?cursor=x",
            is_filtered=True,
        ),
    ),
    "desk": ("/desk/feedback/x", DESK),
    "desk_errors": (
        "/desk/feedback/x",
        msgspec.structs.replace(
            DESK,
            form=FormState(
                values={"unit": ""}, errors={"unit": ("Valitse yksikkö",), "cover_note": ("Kirjoita saate",)}
            ),
            form_action="transfer",
        ),
    ),
    "conflict": (
        "/desk/feedback/x",
        ConflictPage(
            reference="AL-2026-0042",
            href="/desk/feedback/AL-2026-0042",
            changed_by="Pekka Niemi",
            changed_at=T,
            fields=(ConflictField(label="Tila", yours="Käsittelyssä", theirs="Vastattu"),),
            typed=(ConflictField(label="Vastaus", yours="Hei, suojatie aurataan tänään.", theirs=""),),
        ),
    ),
    "queue": (
        "/desk/publication",
        PublicationQueue(
            rows=(
                PublicationRow(
                    reference="AL-2026-0042",
                    href="/desk/publication/AL-2026-0042",
                    snippet="Kauppakadun ja Rantatien risteyksen suojatie on ollut auraamatta",
                    kind_name="Vikailmoitus",
                    category_name="Lumenauraus",
                    permission="nickname",
                    nickname="Talvipyöräilijä",
                    waiting=("feedback", "answer"),
                    received_at=T,
                ),
            ),
            total=1,
        ),
    ),
    "publish": (
        "/desk/publication/x",
        PublicationEdit(
            reference="AL-2026-0042",
            feedback_href="/desk/feedback/AL-2026-0042",
            kind_name="Vikailmoitus",
            category_name="Lumenauraus",
            permission="nickname",
            nickname="Talvipyöräilijä",
            scan_note="Henkilötietoja ei ole vielä tarkistettu automaattisesti: lue teksti huolellisesti.",
            items=(
                PublicationItem(
                    target="feedback",
                    version=0,
                    label="Palaute",
                    original=LONG,
                    language="fi",
                    public_text=LONG.replace("Kauppakadun", "Kadun"),
                    difference=(
                        DifferencePart("removed", "Kauppakadun"),
                        DifferencePart("added", "Kadun"),
                        DifferencePart("same", " ja Rantatien risteyksen suojatie…"),
                    ),
                    state="awaiting_decision",
                ),
                PublicationItem(
                    target="17",
                    version=1,
                    label="Vastaus 22.11.2026",
                    original="Hei ja kiitos!",
                    language="fi",
                    public_text="Hei ja kiitos!",
                    state="published",
                    decided_by="Pekka Niemi",
                    decided_at=T,
                ),
            ),
            withhold_reasons=REASONS,
        ),
    ),
}
