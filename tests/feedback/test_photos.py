"""Photos: what is taken, what is refused and why, and what is left of a file."""

import asyncio
import io
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pillow_heif
import pytest
from PIL import Image

from factories.feedback import PLAIN, tracking_code
from feedback.photos import PHOTO_MAX_BYTES, SIDE_MAX, PreparedPhoto, Upload, prepare, remove_orphans
from kernel.errors import Invalid
from web.site import Services

Clients = Callable[[str], httpx.AsyncClient]


def image(format_: str, size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else None).save(out, format_, **options)
    return out.getvalue()


def with_position() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "Kotipihalla"
    exif[0x0112] = 6  # rotated by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (60.0, 24.0, 12.0)
    return image("JPEG", exif=exif.tobytes(), comment=b"oma kommentti")


def heic() -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64), "teal")).save(out)
    return out.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 50 000 by 50 000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


async def prepared(name: str, content: bytes) -> PreparedPhoto:
    [photo] = await prepare([Upload(name, content)])
    return photo


async def refusal(name: str, content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        await prepare([Upload(name, content)])
    [problem] = refused.value.problems
    assert problem.path == "photos.0"
    return problem.code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("kuva.jpg", image("JPEG")),
        ("KUVA.JPEG", image("JPEG")),
        ("kuva.png", image("PNG")),
        ("kuva.gif", image("GIF")),
        ("kuva.webp", image("WEBP")),
        ("kuva.heic", heic()),
    ],
)
async def test_the_formats_of_phones_and_browsers_are_taken(name: str, content: bytes) -> None:
    photo = await prepared(name, content)
    assert photo.media_type in {"image/jpeg", "image/png"}
    with Image.open(io.BytesIO(photo.content)) as again:
        again.load()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("kirje.jpg", b"\xd0\xcf\x11\xe0" + b"a document" * 50, "no_photo"),
        ("kuva.jpg", image("GIF"), "photo_name_disagrees"),
        ("kuva.exe", image("JPEG"), "photo_name_disagrees"),
        ("kuva.jpg", image("JPEG", (400, 300))[:-600], "photo_broken"),
        ("kuva.png", bomb(), "photo_too_many_pixels"),
        ("kuva.jpg", b"\xff\xd8" + b"0" * PHOTO_MAX_BYTES, "photo_too_large"),
        ("kuva.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no_photo"),
        ("kuva.jpg", b"", "no_photo"),
    ],
)
async def test_what_is_no_sound_photo_is_refused_by_its_content(name: str, content: bytes, code: str) -> None:
    assert await refusal(name, content) == code


async def test_position_comments_and_all_other_metadata_are_gone_and_the_photo_stands_upright() -> None:
    source = with_position()
    assert b"Kotipihalla" in source
    photo = await prepared("kuva.jpg", source)
    assert (photo.width, photo.height) == (48, 64)
    with Image.open(io.BytesIO(photo.content)) as again:
        assert dict(again.getexif()) == {}
        assert "comment" not in again.info
    for secret in (b"Kotipihalla", b"kommentti", b"Exif", b"GPS"):
        assert secret not in photo.content


async def test_a_large_photo_is_made_smaller() -> None:
    photo = await prepared("kuva.jpg", image("JPEG", (4000, 1000)))
    assert max(photo.width, photo.height) == SIDE_MAX


async def test_more_than_five_are_refused() -> None:
    with pytest.raises(Invalid) as refused:
        await prepare([Upload("a.jpg", image("JPEG"))] * 6)
    assert refused.value.problems[0].code == "too_many"


def form(key: str) -> dict[str, str]:
    return {
        "kind": "fault", "category": PLAIN["kerava"], "text": "Kirjaston ovi ei mene kiinni.",
        "publication.permission": "none", "idempotency_key": key,
    }  # fmt: skip


async def stored_files(services: Services) -> list[str]:
    return [key for slug in ("kerava", "jarvenpaa") for key, _ in await services.files.list_keys(slug)]


async def test_three_uploads_at_once_are_all_kept_and_the_sender_and_only_they_can_open_theirs(
    clients: Clients, services: Services
) -> None:
    client = clients("kerava")
    answers = await asyncio.gather(
        *(
            client.post(
                "/feedback/new", data=form(f"photo {n}"), files={"photos": ("k.jpg", image("JPEG"), "image/jpeg")}
            )
            for n in range(3)
        )
    )
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    async with services.database.transaction(services.registry.by_slug("kerava")) as session:
        rows = await session.fetch("select storage_key, feedback_id, id from photo order by id")
    assert len({row["storage_key"] for row in rows}) == 3
    assert {row["storage_key"] for row in rows} <= set(await stored_files(services))
    await client.post("/tracking", data={"tracking_code": tracking_code(answers[0].text)})
    page = (await client.get("/tracking/feedback")).text
    own = [row["id"] for row in rows if f"/tracking/photos/{row['id']}" in page]
    assert len(own) == 1
    for row in rows:
        answer = await client.get(f"/tracking/photos/{row['id']}")
        assert answer.status_code == (200 if row["id"] in own else 404)
    assert (await clients("jarvenpaa").get(f"/tracking/photos/{own[0]}")).status_code in {401, 404}


async def test_a_refused_or_repeated_form_leaves_no_file_behind(clients: Clients, services: Services) -> None:
    client = clients("kerava")
    photo = {"photos": ("k.jpg", image("JPEG"), "image/jpeg")}
    before = len(await stored_files(services))
    assert (await client.post("/feedback/new", data=form("x"), files=photo)).status_code == 201
    assert (await client.post("/feedback/new", data=form("x"), files=photo)).status_code == 200
    assert (
        await client.post("/feedback/new", data=form("x") | {"text": "Eri teksti samalla avaimella"}, files=photo)
    ).status_code == 409
    assert (await client.post("/feedback/new", data=form("y") | {"text": ""}, files=photo)).status_code == 422
    assert len(await stored_files(services)) == before + 1


async def test_a_bad_photo_is_named_beside_its_field_and_the_text_is_kept(clients: Clients) -> None:
    answer = await clients("kerava").post(
        "/feedback/new", data=form("bad"), files={"photos": ("kirje.jpg", b"not a photo at all", "image/jpeg")}
    )
    assert answer.status_code == 422
    assert "photos-error" in answer.text
    assert "Kirjaston ovi ei mene kiinni." in answer.text


async def test_a_file_without_a_row_is_removed_after_a_day_and_one_with_a_row_stays(
    clients: Clients, services: Services
) -> None:
    await clients("kerava").post(
        "/feedback/new", data=form("kept"), files={"photos": ("k.jpg", image("JPEG"), "image/jpeg")}
    )
    orphan = services.files.new_key("kerava", "photos", ".jpg")
    await services.files.put(orphan, b"left by a crash")
    kerava = services.registry.by_slug("kerava")
    async with services.database.transaction(kerava) as session:
        too_young = await remove_orphans(session, services.files, before=datetime.now(UTC) - timedelta(hours=24))
        assert too_young == 0
        await remove_orphans(session, services.files, before=datetime.now(UTC) + timedelta(minutes=1))
        row = await session.fetch_row("select storage_key from photo")
    keys = await stored_files(services)
    assert orphan not in keys
    assert row is not None
    assert row["storage_key"] in keys
