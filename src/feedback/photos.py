"""Photos: what is accepted, how it is checked, and what is left of it.

The content decides what a file is, not its name or its declared type; the two must agree, it must really decode, and it
is written anew without metadata (EXIF, GPS, comments), upright and at most 2 560 pixels a side.
"""

import asyncio
import hashlib
import io
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec
import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from kernel.errors import FieldProblem, Invalid
from kernel.files import FileStore
from tenancy.session import TenantSession

PHOTOS_MAX = 5
PHOTO_MAX_BYTES = 20 * 1024 * 1024
"""As the field's largest services take (peers.md §5 of the project's research: 20 MiB)."""
UPLOAD_MAX_BYTES = PHOTOS_MAX * PHOTO_MAX_BYTES + 1024 * 1024
"""All photos of a form, and its texts."""
PIXELS_MAX = 50_000_000
"""Refused before decoding: a small file can unpack to gigabytes."""
SIDE_MAX = 2_560
JPEG_QUALITY = 85

EXTENSIONS = {
    "JPEG": (".jpg", ".jpeg"),
    "PNG": (".png",),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "HEIF": (".heic", ".heif"),
}

pillow_heif.register_heif_opener()

# One photo at a time in a process: a decoded one takes hundreds of megabytes, and a burst of them must not take all.
_ENCODER = ThreadPoolExecutor(1, thread_name_prefix="photo")


class Upload(msgspec.Struct, frozen=True):
    """A file as it arrived."""

    filename: str
    content: bytes
    alt_text: str | None = None


class PreparedPhoto(msgspec.Struct, frozen=True):
    """A photo ready to be stored."""

    content: bytes
    media_type: str
    suffix: str
    width: int
    height: int
    source_sha256: bytes
    """Of the upload: says whether a repeated request brings the same photo."""
    alt_text: str | None

    @property
    def sha256(self) -> bytes:
        """Of what is stored."""
        return hashlib.sha256(self.content).digest()


async def prepare(uploads: list[Upload]) -> list[PreparedPhoto]:
    """Check and re-encode, one after the other in a thread. Raises Invalid naming each bad photo (`photos.0`)."""
    if len(uploads) > PHOTOS_MAX:
        raise Invalid(FieldProblem("photos", "too_many", {"most": PHOTOS_MAX, "count": len(uploads)}))
    prepared: list[PreparedPhoto] = []
    problems: list[FieldProblem] = []
    for number, upload in enumerate(uploads):
        result = await asyncio.get_running_loop().run_in_executor(_ENCODER, _prepare_one, f"photos.{number}", upload)
        if isinstance(result, FieldProblem):
            problems.append(result)
        else:
            prepared.append(result)
    if problems:
        raise Invalid(*problems)
    return prepared


async def remove_orphans(session: TenantSession, files: FileStore, *, before: datetime) -> int:
    """Delete the tenant's files that no row names and that were written before this moment; how many."""
    old = [key for key, written_at in await files.list_keys(session.tenant.slug) if written_at < before]
    rows = await session.fetch("select storage_key from photo where storage_key = any($1::text[])", old)
    orphans = sorted(set(old) - {row["storage_key"] for row in rows})
    await files.delete(orphans)
    return len(orphans)


def _prepare_one(path: str, upload: Upload) -> PreparedPhoto | FieldProblem:
    if len(upload.content) > PHOTO_MAX_BYTES:
        return FieldProblem(path, "photo_too_large", {"largest_mb": PHOTO_MAX_BYTES // 1024 // 1024})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(upload.content), formats=list(EXTENSIONS)) as image:
                extensions = EXTENSIONS[image.format or ""]
                if not upload.filename.lower().endswith(extensions):
                    return FieldProblem(path, "photo_name_disagrees", {"expected": " ".join(extensions)})
                if image.width * image.height > PIXELS_MAX:
                    return FieldProblem(path, "photo_too_many_pixels", {"most_megapixels": PIXELS_MAX // 1_000_000})
                return _encode(image, upload)
    except UnidentifiedImageError:
        return FieldProblem(path, "no_photo")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return FieldProblem(path, "photo_too_many_pixels", {"most_megapixels": PIXELS_MAX // 1_000_000})
    except (OSError, ValueError, SyntaxError, EOFError):
        # What Pillow raises for a file that begins like a photo and does not decode.
        return FieldProblem(path, "photo_broken")


def _encode(image: Image.Image, upload: Upload) -> PreparedPhoto:
    image.draft("RGB", (SIDE_MAX, SIDE_MAX))
    image.thumbnail((SIDE_MAX, SIDE_MAX))
    upright = ImageOps.exif_transpose(image)
    transparent = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    # A new image, so that nothing of the old file's metadata can come along.
    clean = Image.new("RGBA" if transparent else "RGB", upright.size)
    clean.paste(upright.convert(clean.mode))
    out = io.BytesIO()
    if transparent:
        clean.save(out, "PNG", optimize=True)
    else:
        clean.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return PreparedPhoto(
        content=out.getvalue(),
        media_type="image/png" if transparent else "image/jpeg",
        suffix=".png" if transparent else ".jpg",
        width=clean.width,
        height=clean.height,
        source_sha256=hashlib.sha256(upload.content).digest(),
        alt_text=upload.alt_text,
    )
