"""What the example pages are about: made-up towns, topics and texts."""

import datetime as dt

from web.views import KindChoice, Option, OptionGroup, Redirect

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
LONG = (
    "Kauppakadun ja Rantatien risteyksen suojatie on ollut auraamatta jo kolme päivää. Lastenvaunujen kanssa ei "
    "pääse yli, ja autot joutuvat väistämään ajoradalle.\n\nVoisitteko aurata myös jalkakäytävän bussipysäkille "
    "asti? <b>Kiitos</b> jo etukäteen!"
)
