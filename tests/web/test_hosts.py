"""Host → tenant: an unknown host is nobody's, a suspended tenant looks like one, and headers are on every answer."""

from collections.abc import Callable

import httpx
import pytest

from app.front import Front
from tenancy import provision
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]


@pytest.mark.parametrize("host", ["helsinki.test", "kerava.test.evil.example", "", "localhost", "KERAVA.test:99999x"])
async def test_an_unknown_host_is_a_404_and_never_a_default_tenant(host: str, app: Front) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://x.test") as client:
        for path in ("/", "/feedback/new", "/api/v1/categories", "/desk/login", "/static/tenant.css"):
            answer = await client.get(path, headers={"host": host})
            if host.startswith("KERAVA"):
                assert "Järvenpää" not in answer.text
            else:
                assert answer.status_code == 404


async def test_a_host_is_known_in_any_case_and_with_a_port(app: Front) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://x.test") as client:
        answer = await client.get("/", headers={"host": "KERAVA.Test:8000", "accept-language": "fi"})
    assert answer.status_code == 200
    assert "Kerava" in answer.text


async def test_a_suspended_tenant_is_closed_and_the_other_stays_open(clients: Clients, services: Services) -> None:
    await provision.suspend(services.database, "kerava", "unpaid")
    try:
        await services.registry.refresh(services.database)
        assert (await clients("kerava").get("/")).status_code == 404
        assert (await clients("jarvenpaa").get("/")).status_code == 200
    finally:
        await provision.resume(services.database, "kerava")
        await services.registry.refresh(services.database)
    assert (await clients("kerava").get("/")).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/feedback/new", "/no-such-page", "/desk", "/api/v1/feedback/none", "/static/no"]
)
async def test_every_answer_carries_the_security_headers_and_a_correlation_id(path: str, clients: Clients) -> None:
    answer = await clients("kerava").get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for header, value in {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }.items():
        assert answer.headers[header] == value
    assert "max-age=63072000" in answer.headers["strict-transport-security"]
    assert len(answer.headers["x-correlation-id"]) == 16


async def test_each_city_has_its_own_name_and_colours(clients: Clients) -> None:
    pages = {slug: (await clients(slug).get("/")).text for slug in ("kerava", "jarvenpaa")}
    themes = {slug: (await clients(slug).get("/static/tenant.css")).text for slug in ("kerava", "jarvenpaa")}
    assert "Järvenpää" not in pages["kerava"]
    assert "Kerava" not in pages["jarvenpaa"]
    assert themes["kerava"] != themes["jarvenpaa"]


async def test_the_language_is_asked_for_remembered_and_else_the_browsers(clients: Clients) -> None:
    client = clients("kerava")
    assert '<html lang="sv"' in (await client.get("/?lang=sv", headers={"accept-language": "fi"})).text
    assert '<html lang="sv"' in (await client.get("/", headers={"accept-language": "fi"})).text
    fresh = clients("kerava")
    assert '<html lang="en"' in (await fresh.get("/", headers={"accept-language": "en-GB,fi;q=0.5"})).text
    assert '<html lang="fi"' in (await fresh.get("/", headers={"accept-language": "de"})).text


@pytest.mark.parametrize(
    "path", ["/", "/feedback/new", "/published", "/static/tenant.css", "/api/v1/categories", "/none"]
)
async def test_head_is_answered_like_get_without_a_body(path: str, clients: Clients) -> None:
    head, get = await clients("kerava").head(path), await clients("kerava").get(path)
    assert head.status_code == get.status_code
    assert head.headers["content-type"] == get.headers["content-type"]
    assert head.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/published/%00", "/published?kind=%00", "/api/v1/feedback?q=%00", "/api/v1/feedback/%00",
        "/tracking/photos/99999999999999999999999", "/desk/photos/99999999999999999999999", "/published?cursor=%ff%fe",
        "/published?cursor=WyIyMDI2LTAxLTAxIiwgOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTldfQ", "/?lang=%00",
        "/desk/login?next=%00",
        "/api/v1/feedback?q=" + "a" * 5000, "/published?category=" + "%F0%9F%98%80" * 50,
    ],
)  # fmt: skip
async def test_an_address_with_odd_bytes_is_refused_or_empty_and_never_a_fault_of_ours(
    path: str, clients: Clients
) -> None:
    assert (await clients("kerava").get(path)).status_code < 500
