"""A filled view of every page, for the tests of templates."""

from typing import Any

from desk_examples import DESK_VIEWS
from example_facts import CATS, KINDS, LONG, REDIRECTS, TOWNS, D, T

from web.views import (
    ErrorPage,
    FeedbackForm,
    FilterGroup,
    FilterLink,
    FormState,
    FrontPage,
    HistoryEntry,
    LanguageLink,
    Notice,
    Page,
    Photo,
    PublicAnswer,
    PublicCard,
    PublishedDetail,
    PublishedList,
    ReceiptPage,
    StaffMember,
    TrackedFeedback,
    TrackedMessage,
    TrackingPage,
    View,
)


def card(n: int, **more: Any) -> PublicCard:
    fields: dict[str, Any] = {
        "reference": f"AL-2026-00{n}",
        "href": "/published/x",
        "kind": "fault",
        "kind_name": "Vikailmoitus",
        "category_name": "Lumenauraus",
        "excerpt": "Kauppakadun ja Rantatien risteyksen suojatie on ollut auraamatta jo kolme päivää.…",
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
                    text="Hei ja kiitos palautteestasi!\n\n"
                    "Suojatie ja jalkakäytävä aurattiin perjantaina. Lisäsimme risteyksen ensisijaiselle reitille.",
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
    **DESK_VIEWS,
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
