"""The file store: photos and other bytes outside the database, one folder a tenant.

The same interface on a local folder and on an S3-compatible store (obstore). A key begins with the tenant's slug, so
one tenant's files can be listed, moved and erased alone.
"""

import secrets
from datetime import datetime

import obstore
from obstore.store import ObjectStore, from_url

from kernel.errors import NotFound, Temporary


class FileStore:
    """All tenants' files."""

    def __init__(self, url: str) -> None:
        """`file:///folder` (made when missing) or `s3://bucket/prefix`."""
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    def new_key(self, slug: str, kind: str, suffix: str) -> str:
        """A key nobody can guess and nothing has."""
        return f"{slug}/{kind}/{secrets.token_hex(16)}{suffix}"

    async def put(self, key: str, content: bytes) -> None:
        """Store bytes. Raises Temporary."""
        try:
            await obstore.put_async(self._store, key, content)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Temporary("file_store_unavailable") from error

    async def get(self, key: str) -> bytes:
        """The stored bytes. Raises NotFound, Temporary."""
        try:
            return bytes(await (await obstore.get_async(self._store, key)).bytes_async())
        except (FileNotFoundError, obstore.exceptions.NotFoundError) as error:
            raise NotFound("file_not_found") from error
        except (OSError, obstore.exceptions.BaseError) as error:
            raise Temporary("file_store_unavailable") from error

    async def delete(self, keys: list[str]) -> None:
        """Remove files; one that is already gone is no error. Raises Temporary."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except (FileNotFoundError, obstore.exceptions.NotFoundError):
                continue
            except (OSError, obstore.exceptions.BaseError) as error:
                raise Temporary("file_store_unavailable") from error

    async def list_keys(self, slug: str) -> list[tuple[str, datetime]]:
        """Every key of a tenant with the time it was last written."""
        keys: list[tuple[str, datetime]] = []
        async for page in obstore.list(self._store, prefix=slug):
            keys.extend((str(entry["path"]), entry["last_modified"]) for entry in page)
        return keys
