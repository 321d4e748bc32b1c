"""One filled view of every page, for the tests of templates. Towns, people and texts are made up."""

import datetime as dt
from typing import Any

import msgspec

from web.views import (
    ConflictField,
    ConflictPage,
    Contact,
    Delivery,
    DeskDetail,
    DeskMessage,
    DifferencePart,
    ErrorPage,
    FeedbackForm,
    FilterGroup,
    FilterLink,
    FormState,
    FrontPage,
    HistoryEntry,
    Inbox,
    InboxFilter,
    InboxRow,
    InboxSection,
    KindChoice,
    LanguageLink,
    LoginPage,
    Notice,
    Option,
    OptionGroup,
    Page,
    Photo,
    PublicAnswer,
    PublicationEdit,
    PublicationItem,
    PublicationQueue,
    PublicationRow,
    PublicCard,
    PublishedDetail,
    PublishedList,
    ReceiptPage,
    Redirect,
    StaffHistoryEntry,
    StaffMember,
    TrackedFeedback,
    TrackedMessage,
    TrackingPage,
    View,
)

T = dt.datetime(2026, 11, 20, 9, 42, tzinfo=dt.UTC)
D = dt.timedelta
TOWNS = {"alfala": "Alfala", "betakoski": "Betakoski"}

KINDS = (
    KindChoice(code="thanks", name="Kiitos", promise="Välitämme kiitoksesi perille. Vastausta emme lupaa."),
    KindChoice(code="feedback", name="Palaute tai moite", promise="Vastaamme, jos toivot vastausta."),
    KindChoice(code="question", name="Kysymys", promise="Vastaamme viiden työpäivän kuluessa."),
    KindChoice(code="proposal", name="Kehitysehdotus", promise="Luemme kaikki ehdotukset. Vastausta emme lupaa."),
    KindChoice(code="fault", name="Vikailmoitus", promise="Vastaamme viiden työpäivän kuluessa."),
)
CATS = tuple(
    OptionGroup(label=g, options=tuple(Option(value=f"{g}{n}".lower(), text=n) for n in ns))
    for g, ns in (
        (
            "Kadut ja liikenne",
            (
                "Lumenauraus",
                "Liukkaus ja hiekoitus",
                "Hiekanpoisto ja katujen puhdistus",
                "Kuopat ja päällystevauriot",
                "Jalkakäytävät ja pyörätiet",
                "Katuvalot",
                "Liikennemerkit ja opasteet",
                "Liikenneturvallisuus ja liikennejärjestelyt",
                "Pysäköinti",
                "Katutyömaat",
                "Hulevedet, ojat ja kaivot",
            ),
        ),
        (
            "Puistot ja viheralueet",
            (
                "Puistot ja nurmikot",
                "Puut ja pensaat",
                "Metsät ja luontokohteet",
                "Leikkipaikat",
                "Koirapuistot",
                "Penkit ja muut kalusteet",
            ),
        ),
        (
            "Puhtaus ja järjestys",
            ("Roskaaminen ja roska-astiat", "Töhryt", "Ilkivalta ja rikkoutuneet kohteet", "Hylätyt ajoneuvot"),
        ),
        (
            "Kaavoitus ja rakentaminen",
            (
                "Kaavoitus",
                "Rakennusvalvonta",
                "Tontit ja kaupungin maat",
                "Kaupungin rakennukset ja sisäilma",
                "Vesi ja viemäri",
            ),
        ),
        (
            "Varhaiskasvatus ja opetus",
            (
                "Päiväkodit ja esiopetus",
                "Koulut",
                "Koulumatkat ja koulukuljetukset",
                "Aamu- ja iltapäivätoiminta",
                "Koulu- ja päiväkotiruoka",
                "Lukio",
                "Nuorisopalvelut",
            ),
        ),
        (
            "Vapaa-aika ja kulttuuri",
            (
                "Liikuntapaikat ja ulkokentät",
                "Ladut ja ulkoilureitit",
                "Uimahalli ja maauimala",
                "Kirjasto",
                "Kulttuuri, museot ja tapahtumat",
                "Opiston kurssit",
            ),
        ),
    )
)
REDIRECTS = (
    Redirect(
        title="Hätätilanteessa soita 112",
        text="Jos ihminen tai omaisuus on välittömässä vaarassa, älä käytä tätä lomaketta.",
        href="tel:112",
        link_text="Soita 112",
        urgent=True,
    ),
    Redirect(
        title="Sosiaali- ja terveyspalvelut sekä pelastustoimi",
        text="Ne ovat hyvinvointialueen asioita.",
        href="https://example.org/",
        link_text="Hyvinvointialueen palaute",
    ),
    Redirect(
        title="Valtion tiet",
        text="Valtion teistä vastaa Fintraffic ja ELY-keskus.",
        href="https://example.org/",
        link_text="Palauteväylä",
    ),
    Redirect(title="Oikaisuvaatimus, muistutus tai kantelu", text="Lähetä se kirjaamoon."),
)
LONG = "Kauppakadun ja Rantatien risteyksen suojatie on ollut auraamatta jo kolme päivää. Lastenvaunujen kanssa ei pääse yli, ja autot joutuvat väistämään ajoradalle.\n\nVoisitteko aurata myös jalkakäytävän bussipysäkille asti? <b>Kiitos</b> jo etukäteen!"


def card(n: int, **more: Any) -> PublicCard:
    fields: dict[str, Any] = {
        "reference": f"AL-2026-00{n}",
        "href": "/published/x",
        "kind": "fault",
        "kind_name": "Vikailmoitus",
        "category_name": "Lumenauraus",
        "excerpt": "Kauppakadun ja Rantatien risteyksen suojatie on ollut auraamatta jo kolme päivää. Lastenvaunujen kanssa ei pääse yli…",
        "received_at": T - D(days=n),
        "area": "Keskusta",
        "is_answered": True,
    }
    return PublicCard(**(fields | more))


CARDS = (
    card(1),
    card(
        2,
        kind="thanks",
        kind_name="Kiitos",
        category_name="Kirjasto",
        excerpt="Kiitos kirjaston väelle ystävällisestä palvelusta! Omatoimiaika on pelastanut monta iltaa.",
        is_answered=False,
        area=None,
    ),
    card(
        3,
        kind="proposal",
        kind_name="Kehitysehdotus",
        category_name="Leikkipaikat",
        excerpt="Keinupuistoon tarvittaisiin keinu, johon pääsee pyörätuolilla.",
        area="Itäpuisto",
    ),
)
HIST = (
    HistoryEntry(at=T + D(days=1), text="Lisätietoa kysytty lähettäjältä. Tila: Odottaa lisätietoa"),
    HistoryEntry(at=T + D(hours=2), text="Otettu käsittelyyn. Tila: Käsittelyssä"),
    HistoryEntry(at=T, text="Palaute vastaanotettu. Yksikkö: Kunnossapito"),
)
ERR = FormState(
    values={"text": "Lyhyt", "publication.permission": "nickname", "contact.email": "matti(at)example"},
    errors={
        "kind": ("Valitse, millaista palautetta annat",),
        "category": ("Valitse aihe",),
        "text": ("Kirjoita vähintään 10 merkkiä. Nyt niitä on 5.",),
        "location": ("Kerro paikka: osoite tai muu kuvaus",),
        "contact.email": ("Tämä ei ole sähköpostiosoite. Kirjoita se näin: nimi@example.org",),
        "publication.nickname": ("Kirjoita nimimerkki",),
    },
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
    InboxFilter(name=n, label=l, options=(Option(value="", text="Kaikki"), Option(value="a", text="Kunnossapito")))
    for n, l in (("unit", "Yksikkö"), ("status", "Tila"), ("kind", "Tyyppi"), ("due", "Määräaika"))
)
VIEWS: dict[str, tuple[str, View]] = {
    "front": ("/", FrontPage(kinds=KINDS, recent=CARDS)),
    "form": (
        "/feedback/new",
        FeedbackForm(
            idempotency_key="0a1b2c3d4e5f60718293a4b5c6d7e8f9", kinds=KINDS, categories=CATS, redirects=REDIRECTS
        ),
    ),
    "form_errors": (
        "/feedback/new",
        FeedbackForm(form=ERR, idempotency_key="k", kinds=KINDS, categories=CATS, redirects=REDIRECTS),
    ),
    "receipt": (
        "/feedback/new",
        ReceiptPage(
            reference="AL-2026-0042",
            tracking_code="7XQK-M2PD-0F9T-ZR4C-W8HB-V3N",
            kind_name="Vikailmoitus",
            category_name="Lumenauraus",
            unit_name="Kunnossapito",
            received_at=T,
            due_at=T + D(days=3),
            answer_promised=True,
            mail_sent_to="m******a@****e.org",
        ),
    ),
    "tracking": ("/tracking", TrackingPage()),
    "tracked": (
        "/tracking/feedback",
        TrackedFeedback(
            reference="AL-2026-0042",
            kind_name="Vikailmoitus",
            category_name="Lumenauraus",
            text=LONG,
            text_language="fi",
            address="Kauppakatu 3",
            photos=(Photo(href="/static/icon.svg", width=200, height=200),),
            status="waiting_for_resident",
            unit_name="Kunnossapito",
            received_at=T,
            due_at=T + D(days=3),
            paused_at=T + D(days=1),
            answer_promised=True,
            messages=(
                TrackedMessage(
                    kind="interim_reply",
                    text="Hei! Urakoitsija käy paikalla huomenna aamulla.",
                    language="fi",
                    at=T + D(hours=4),
                    unit_name="Kunnossapito",
                ),
                TrackedMessage(
                    kind="question",
                    text="Onko suojatie auki molemmin puolin katua?",
                    language="fi",
                    at=T + D(days=1),
                    unit_name="Kunnossapito",
                ),
            ),
            history=HIST,
            permission="nickname",
            nickname="Talvipyöräilijä",
            publication_state="awaiting_decision",
        ),
    ),
    "published": (
        "/published",
        PublishedList(
            filters=(
                FilterGroup(
                    label="Tyyppi",
                    links=(
                        FilterLink(text="Kaikki", href="/published", is_current=True),
                        *(FilterLink(text=k.name, href="/published?kind=" + k.code) for k in KINDS),
                    ),
                ),
                FilterGroup(
                    label="Aihe",
                    links=(
                        FilterLink(text="Kaikki", href="/published", is_current=True),
                        *(
                            FilterLink(text=o.text, href="/published?category=" + str(i) + str(j))
                            for i, g in enumerate(CATS)
                            for j, o in enumerate(g.options)
                        ),
                    ),
                ),
            ),
            cards=CARDS,
            next_href="/published?cursor=x",
        ),
    ),
    "published_empty": ("/published", PublishedList()),
    "detail": (
        "/published/x",
        PublishedDetail(
            reference="AL-2026-0042",
            kind="fault",
            kind_name="Vikailmoitus",
            category_name="Lumenauraus",
            category_href="/published?category=auraus",
            text=LONG,
            text_language="fi",
            shown_name="Talvipyöräilijä",
            received_at=T,
            published_at=T + D(days=2),
            area="Keskusta",
            unit_name="Kunnossapito",
            status="answered",
            answers=(
                PublicAnswer(
                    text="Hei ja kiitos palautteestasi!\n\nSuojatie ja jalkakäytävä aurattiin perjantaina. Lisäsimme risteyksen ensisijaiselle reitille.",
                    language="fi",
                    unit_name="Kunnossapito",
                    at=T + D(days=2),
                ),
            ),
        ),
    ),
    "error": (
        "/x",
        ErrorPage(
            status=500,
            title="Palvelussa on vika",
            text="Jotain meni vikaan meidän puolellamme.",
            remedy="Yritä hetken kuluttua uudelleen.",
            correlation_id="01hf3c9k2q",
        ),
    ),
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


def page(town: str, path: str, language: str) -> Page:
    desk = path.startswith("/desk") and path != "/desk/login"
    return Page(
        tenant_name=TOWNS[town],
        language=language,
        time_zone="Europe/Helsinki",
        languages=tuple(
            LanguageLink(code, name, f"{path}?lang={code}")
            for code, name in (("fi", "Suomi"), ("sv", "Svenska"), ("en", "English"))
        ),
        path=path,
        theme_href="/static/tenant.css?v=1",
        staff=StaffMember(name="Aino Virtanen", may_publish=True) if desk else None,
        csrf_token="token-of-the-session" if path.startswith("/desk") else None,
        notices=(Notice(kind="success", text="Vastaus on lähetetty."),) if path == "/desk" else (),
    )
