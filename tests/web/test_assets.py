"""Files for the pages: what others made is unchanged and named; a tenant's colours are readable and harmless."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from kernel.errors import NotFound
from web.assets import INK, PAPER, STATIC, Assets, contrast, tenant_css

ROOT = Path(__file__).resolve().parent.parent.parent
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text(encoding="utf-8"))["files"]
BRANDS = ("#005dbd", "#0b6b4f", "#8a1538", "#ffd400", "#111111", "#fefefe")


def color(css: str, name: str) -> tuple[int, int, int]:
    found = re.search(rf"--{name}:#([0-9a-f]{{6}});", css)
    assert found, name
    return int(found[1][:2], 16), int(found[1][2:4], 16), int(found[1][4:], 16)


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["path"])
def test_a_file_made_by_others_is_what_the_manifest_says(entry: dict[str, str]) -> None:
    assert hashlib.sha256((VENDOR / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]


def test_every_file_made_by_others_is_in_the_manifest_with_version_and_licence() -> None:
    on_disk = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert {entry["path"] for entry in MANIFEST} == on_disk - {"MANIFEST.json"}
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for entry in MANIFEST:
        assert entry["version"] == locked[f"node_modules/{entry['package']}"]["version"]
        assert entry["licence"] in {"MIT", "0BSD"}


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_no_font_and_no_logo_of_another_city_is_shipped() -> None:
    names = [path.name.lower() for path in STATIC.rglob("*")]
    assert not [name for name in names if name.endswith((".woff", ".woff2", ".ttf", ".otf")) or "koro" in name]
    assert "koros" not in (STATIC / "kuulolla.css").read_text(encoding="utf-8")


def test_an_address_carries_the_hash_of_the_content() -> None:
    assets = Assets()
    address = assets.url("kuulolla.css")
    content = assets.get("kuulolla.css").content
    assert address == f"/static/kuulolla.css?v={hashlib.sha256(content).hexdigest()[:16]}"


def test_a_text_file_is_ready_compressed_and_has_its_type() -> None:
    asset = Assets().get("kuulolla.js")
    assert asset.media_type == "application/javascript"
    assert asset.gzipped is not None
    assert gzip.decompress(asset.gzipped) == asset.content


@pytest.mark.parametrize("path", ["../assets.py", "/etc/passwd", "kuulolla.css/", ""])
def test_nothing_outside_the_folder_can_be_asked_for(path: str) -> None:
    with pytest.raises(NotFound):
        Assets().get(path)


def test_a_template_that_names_an_unknown_file_fails_at_once() -> None:
    with pytest.raises(KeyError):
        Assets().url("missing.css")


def test_own_script_stays_small_and_evaluates_nothing() -> None:
    script = (STATIC / "kuulolla.js").read_bytes()
    assert len(script) <= 6_000
    assert not re.search(rb"\beval\b|new Function|innerHTML|\.style\b|localStorage", script)


def test_the_style_sheet_loads_nothing_from_elsewhere() -> None:
    css = (STATIC / "kuulolla.css").read_text(encoding="utf-8")
    assert all(address.startswith("data:image/svg+xml,") for address in re.findall(r'url\("([^"]*)"\)', css))
    assert "@import" not in css


@pytest.mark.parametrize("primary", BRANDS)
def test_links_and_buttons_of_any_brand_can_be_read_on_light_and_dark_pages(primary: str) -> None:
    light, dark = tenant_css({"primary": primary}).split("@media", 1)
    assert contrast(color(light, "brand-link"), PAPER) >= 7
    assert contrast(color(light, "brand-link"), color(light, "brand-tint")) >= 4.5
    assert contrast(color(light, "on-action"), color(light, "action")) >= 4.5
    assert contrast(color(light, "brand-on-primary"), color(light, "brand-primary")) >= 4.5
    assert contrast(color(dark, "brand-link"), INK) >= 7
    assert contrast(color(dark, "brand-link"), color(dark, "brand-tint")) >= 4.5
    assert contrast(color(dark, "on-action"), color(dark, "action")) >= 4.5


def test_two_tenants_have_their_own_colours() -> None:
    first, second = (tenant_css({"primary": primary}) for primary in BRANDS[:2])
    assert color(first, "brand-primary") != color(second, "brand-primary")


@pytest.mark.parametrize("value", ["red", "#fff", "#12345g", "#000000;}body{display:none", "url(x)", "#000000\n"])
def test_only_a_plain_colour_gets_into_the_style_sheet(value: str) -> None:
    with pytest.raises(ValueError, match="colour"):
        tenant_css({"primary": value})


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x76, 0x76, 0x76), PAPER) == pytest.approx(4.54, abs=0.01)
