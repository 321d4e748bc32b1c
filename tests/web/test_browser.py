"""The main job in a real browser: without scripts, by keyboard alone, on a phone, in both cities."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, async_playwright

from app.front import Front
from app.main import create_app
from app.settings import Settings
from auth.actor import Grant, Role
from factories.feedback import PASSWORD, UNIT, add_staff
from tenancy import provision
from tenancy.session import Database
from web.site import Services

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=900)

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (tools/debian-packages.txt)"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def served(settings: Settings, database_url: str) -> Iterator[int]:
    """The application behind a real server on a free port; cities at <slug>.localhost."""
    del database_url

    async def add_hosts() -> None:
        async with Database(settings.database_url) as database:
            for slug in ("kerava", "jarvenpaa"):
                await provision.provision(database, slug, [f"{slug}.test", f"{slug}.localhost"])

    asyncio.run(add_hosts())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app: Front = create_app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 15
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started
    yield port
    server.should_exit = True
    thread.join(10)
    asyncio.run(_restore_hosts(settings))


async def _restore_hosts(settings: Settings) -> None:
    async with Database(settings.database_url) as database:
        for slug in ("kerava", "jarvenpaa"):
            await provision.provision(database, slug, [f"{slug}.test"])


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        await started.close()


@asynccontextmanager
async def person(browser: Browser, *, scripts: bool, size: ViewportSize) -> AsyncIterator[Page]:
    """Somebody with a browser of their own; anything the browser complains of fails the test."""
    context: BrowserContext = await browser.new_context(
        viewport=size,
        locale="fi-FI",
        java_script_enabled=scripts,
    )
    complaints: list[str] = []
    page = await context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    await context.close()
    expected = ("status of 422", "status of 404", "status of 409")
    assert [text for text in complaints if not any(part in text for part in expected)] == []


@pytest.mark.parametrize(("slug", "size"), [("kerava", PHONE), ("jarvenpaa", DESKTOP)])
async def test_the_whole_journey_works_without_scripts_from_sending_to_reading_the_published_answer(
    slug: str,
    size: ViewportSize,
    served: int,
    browser: Browser,
    services: Services,
    database: Database,
    tmp_path: Path,
) -> None:
    del database
    base = f"http://{slug}.localhost:{served}"
    words = "Milloin kirjaston omatoimiaika alkaa sunnuntaisin?"
    answer = "Omatoimiaika alkaa sunnuntaisin kello 10."
    photo = tmp_path / "kuva.jpg"
    Image.new("RGB", (80, 60), "teal").save(photo)
    email = await add_staff(services, slug, Grant(Role.HANDLER, unit=UNIT[slug]), Grant(Role.PUBLISHER))

    async with person(browser, scripts=False, size=size) as resident:
        await resident.goto(f"{base}/")
        await resident.click('main a[href^="/feedback/new"]')
        await resident.click("form .button--primary")
        assert await resident.locator(".error-summary, [role=alert]").count() > 0, "an empty form says what is missing"
        await resident.check('input[name="kind"][value="question"]', force=True)
        await resident.select_option('select[name="category"]', "kirjasto")
        await resident.fill('textarea[name="text"]', words)
        await resident.set_input_files('input[name="photos"]', str(photo))
        await resident.check('input[name="publication.permission"][value="anonymous"]', force=True)
        await resident.click("form .button--primary")
        code = (await resident.inner_text("#tracking-code")).strip()

        async with person(browser, scripts=False, size=DESKTOP) as staff:
            await staff.goto(f"{base}/desk")
            await staff.fill('input[name="email"]', email)
            await staff.fill('input[name="password"]', PASSWORD)
            await staff.click('main button[type="submit"]')
            await staff.click('main a[href^="/desk/feedback/"]')
            assert words in await staff.inner_text("main")
            reference = staff.url.rsplit("/", 1)[1]
            await staff.fill('form[action$="/answer"] textarea', answer)
            await staff.click('form[action$="/answer"] button[type="submit"]')
            await staff.goto(f"{base}/desk/publication/{reference}")
            for _ in range(2):
                await staff.locator('form[action$="/publish"] button[type="submit"]:not([disabled])').first.click()
            assert answer in await staff.inner_text("main")

        await resident.goto(f"{base}/tracking")
        await resident.fill('input[name="tracking_code"]', code)
        await resident.click('main button[type="submit"]')
        assert answer in await resident.inner_text("main")

    other = "jarvenpaa" if slug == "kerava" else "kerava"
    async with person(browser, scripts=False, size=PHONE) as anyone:
        await anyone.goto(f"{base}/published/{reference}")
        assert words in await anyone.inner_text("main")
        await anyone.goto(f"http://{other}.localhost:{served}/published/{reference}")
        assert words not in await anyone.inner_text("body")


async def test_the_form_is_filled_and_sent_by_keyboard_alone(
    served: int, browser: Browser, services: Services, database: Database
) -> None:
    del database
    async with person(browser, scripts=True, size=DESKTOP) as resident:
        await resident.goto(f"http://kerava.localhost:{served}/feedback/new")

        async def tab_to(selector: str) -> None:
            for _ in range(60):
                await resident.keyboard.press("Tab")
                if await resident.evaluate("s => document.activeElement.matches(s)", selector):
                    return
            raise AssertionError(f"the keyboard does not reach {selector}")

        await tab_to('input[name="kind"]')
        await resident.keyboard.press("Space")
        await tab_to('select[name="category"]')
        await resident.keyboard.type("Kirjasto")
        await tab_to('textarea[name="text"]')
        await resident.keyboard.type("Kiitos hyvästä palvelusta kirjastossa!")
        await tab_to('input[name="publication.permission"]')
        await resident.keyboard.press("Space")
        await tab_to("form .button--primary")
        await resident.keyboard.press("Enter")
        await resident.wait_for_selector("#tracking-code")
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        row = await session.fetch_row("select kind, category, permission from feedback")
    assert tuple(row or ()) == ("thanks", "kirjasto", "none")


@pytest.mark.parametrize("path", ["/", "/feedback/new", "/tracking", "/published", "/desk/login", "/no-such-page"])
async def test_no_page_needs_to_be_scrolled_sideways_on_a_narrow_phone(
    path: str, served: int, browser: Browser
) -> None:
    async with person(browser, scripts=True, size=ViewportSize(width=320, height=640)) as resident:
        await resident.goto(f"http://jarvenpaa.localhost:{served}{path}")
        width = await resident.evaluate("document.documentElement.scrollWidth")
    assert width <= 320


async def test_the_tracking_code_in_a_links_fragment_fills_the_field_and_leaves_the_address(
    served: int, browser: Browser
) -> None:
    async with person(browser, scripts=True, size=PHONE) as resident:
        await resident.goto(f"http://kerava.localhost:{served}/tracking#AAAA-BBBB-CCCC-DDDD-EEEE-FFF")
        assert (await resident.input_value('input[name="tracking_code"]')).startswith("AAAA")
        assert "#" not in resident.url or resident.url.endswith("#")
