"""Public pages from memory: nothing of one visitor or city reaches another, and what is taken back is gone at once."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from app.front import Front
from app.main import _hear_publications, create_app
from app.settings import Settings
from auth.actor import Grant, Role
from factories.feedback import add_staff, hidden, sign_in, submit
from web.page_cache import PageCache
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]
TEXT = "Julkinen teksti välimuistissa"


@pytest.fixture
async def other_process(settings: Settings, services: Services) -> AsyncIterator[Front]:
    """A second process with a cache of its own that hears what is published, as a served one does."""
    own = dataclasses.replace(services, cache=PageCache(60))
    hearing = asyncio.create_task(_hear_publications(own))
    await asyncio.sleep(0.3)
    yield create_app(settings, own)
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


def visitor(app: Front, slug: str, language: str = "fi") -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=f"https://{slug}.test", headers={"accept-language": language}
    )


async def publish(clients: Clients, services: Services, decision: str, version: int, reference: str) -> None:
    desk = clients("kerava")
    await sign_in(desk, await add_staff(services, "kerava", Grant(Role.PUBLISHER)))
    page = await desk.get(f"/desk/publication/{reference}")
    reason = services.configs["kerava"].publication.withholding_reasons[0].code
    answer = await desk.post(
        f"/desk/publication/{reference}/{decision}",
        data={
            "csrf_token": hidden(page.text, "csrf_token"), "target": "feedback", "version": str(version),
            "public_text": TEXT, "reason": reason,
        },
    )  # fmt: skip
    assert answer.status_code == 303


async def until_shown(client: httpx.AsyncClient, path: str, *, shown: bool) -> None:
    async with asyncio.timeout(2):
        while (TEXT in (await client.get(path)).text) is not shown:  # noqa: ASYNC110 - another connection tells it
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("path", ["/", "/published", "/feed.atom", "/feed.json", "/api/v1/feedback"])
async def test_publishing_and_unpublishing_reach_every_page_of_another_process_at_once(
    path: str, other_process: Front, clients: Clients, services: Services
) -> None:
    receipt = await submit(services, "kerava")
    async with visitor(other_process, "kerava") as anyone:
        assert TEXT not in (await anyone.get(path)).text
        await publish(clients, services, "publish", 0, receipt.reference)
        await until_shown(anyone, path, shown=True)
        await publish(clients, services, "unpublish", 1, receipt.reference)
        await until_shown(anyone, path, shown=False)


async def test_a_cached_form_still_gives_each_visitor_a_key_of_their_own(other_process: Front) -> None:
    async with visitor(other_process, "kerava") as anyone:
        pages = [(await anyone.get("/feedback/new")).text for _ in range(4)]
    assert len({hidden(page, "idempotency_key") for page in pages}) == 4
    assert not any("@@" in page for page in pages)


async def test_cities_languages_and_queries_are_kept_apart(other_process: Front) -> None:
    seen = set()
    for slug in ("kerava", "jarvenpaa"):
        for language in ("fi", "sv"):
            async with visitor(other_process, slug, language) as anyone:
                for _ in range(2):
                    page = (await anyone.get("/published")).text
                    other = "Järvenpää" if slug == "kerava" else "Kerava"
                    assert f'<html lang="{language}"' in page
                    assert other not in page
                seen.add(page)
    assert len(seen) == 4


async def test_staff_pages_are_never_kept(other_process: Front, services: Services) -> None:
    async with visitor(other_process, "kerava") as staff, visitor(other_process, "kerava") as stranger:
        await sign_in(staff, await add_staff(services, "kerava"))
        assert (await staff.get("/desk")).status_code == 200
        assert (await stranger.get("/desk")).status_code == 303
        assert (await staff.get("/desk")).headers["cache-control"] == "no-store"


async def test_a_refused_page_is_not_kept(other_process: Front, clients: Clients, services: Services) -> None:
    receipt = await submit(services, "kerava")
    async with visitor(other_process, "kerava") as anyone:
        assert (await anyone.get(f"/published/{receipt.reference}")).status_code == 404
        await publish(clients, services, "publish", 0, receipt.reference)
        await until_shown(anyone, f"/published/{receipt.reference}", shown=True)


def test_a_page_begun_before_a_change_is_not_kept_after_it() -> None:
    cache = PageCache(60)
    generation = cache.generation("a")
    cache.drop("a")
    cache.keep("a", "/", 200, {}, b"old", generation)
    assert cache.find("a", "/") is None


def test_dropping_one_tenants_pages_leaves_the_others() -> None:
    cache = PageCache(60)
    for slug in ("a", "b"):
        cache.keep(slug, "/", 200, {}, b"page", cache.generation(slug))
    cache.drop("a")
    assert cache.find("a", "/") is None
    assert cache.find("b", "/") is not None
