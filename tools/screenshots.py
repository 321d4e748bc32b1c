"""Takes the pictures of docs/screenshots from a running demonstration (`make demo` in another terminal).

Each page is taken as a phone shows one example city and as a desktop shows the other, so that the pictures also show
that the brand is data.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from app.demo import PASSWORD

TARGET = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
PORT = os.environ.get("KUULOLLA_PORT", "8000")
PHONE, DESKTOP = ViewportSize(width=390, height=844), ViewportSize(width=1280, height=860)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RESIDENT = {"front": "/", "form": "/feedback/new", "tracking": "/tracking", "published": "/published"}


async def main() -> int:
    """Take them all."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium is not installed (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for slug, size, name in (("kerava", PHONE, "phone"), ("jarvenpaa", DESKTOP, "desktop")):
            await residents_pages(browser, slug, size, name)
            await desk_pages(browser, slug, size, name)
        await browser.close()
    return 0


async def residents_pages(browser: Browser, slug: str, size: ViewportSize, name: str) -> None:
    """What anyone sees, and one receipt with its own page."""
    page = await (await browser.new_context(viewport=size, locale="fi-FI")).new_page()
    base = f"http://{slug}.localhost:{PORT}"
    for title, path in RESIDENT.items():
        await page.goto(base + path)
        await take(page, f"{title}-{name}")
    await page.goto(f"{base}/published")
    await page.click('main a[href^="/published/"]')
    await take(page, f"published-one-{name}")
    await page.goto(f"{base}/feedback/new")
    await page.click("form .button--primary")
    await take(page, f"form-problems-{name}")
    await page.check('input[name="kind"][value="question"]', force=True)
    await page.select_option('select[name="category"]', "kirjasto")
    await page.fill('textarea[name="text"]', "Milloin kirjaston omatoimiaika alkaa sunnuntaisin?")
    await page.check('input[name="publication.permission"][value="anonymous"]', force=True)
    await page.click("form .button--primary")
    await take(page, f"receipt-{name}")
    code = await page.inner_text("#tracking-code")
    await page.goto(f"{base}/tracking")
    await page.fill('input[name="tracking_code"]', code)
    await page.click('main button[type="submit"]')
    await take(page, f"tracked-{name}")


async def desk_pages(browser: Browser, slug: str, size: ViewportSize, name: str) -> None:
    """What the staff sees."""
    base = f"http://{slug}.localhost:{PORT}"
    for who, pages in {
        "kasittelija": {"inbox": "/desk", "detail": 'main a[href^="/desk/feedback/"]'},
        "julkaisija": {"queue": "/desk/publication", "publication": 'main a[href^="/desk/publication/"]'},
    }.items():
        page = await (await browser.new_context(viewport=size, locale="fi-FI")).new_page()
        await page.goto(f"{base}/desk/login")
        await page.fill('input[name="email"]', f"{who}@{slug}.example")
        await page.fill('input[name="password"]', PASSWORD)
        await page.click('main button[type="submit"]')
        for title, where in pages.items():
            if where.startswith("/"):
                await page.goto(base + where)
            else:
                await page.locator(where).first.click()
            await take(page, f"{title}-{name}")


async def take(page: Page, name: str) -> None:
    """One picture, as long as the screen."""
    await page.wait_for_load_state("networkidle")
    await page.screenshot(path=str(TARGET / f"{name}.png"))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
