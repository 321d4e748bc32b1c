"""Keys of one tenant, derived from the one master secret; none is stored.

HKDF-SHA256 (RFC 5869) with the tenant's slug and the purpose as `info`, so that a key of one tenant or purpose
says nothing of another.
"""

import hashlib
import hmac

MASTER_MIN_BYTES = 32


def _expand(pseudorandom_key: bytes, info: bytes) -> bytes:
    """One block of HKDF-Expand: 32 bytes are all any purpose here needs."""
    return hmac.new(pseudorandom_key, info + b"\x01", hashlib.sha256).digest()


class TenantKeys:
    """The keys of one tenant, one for each purpose."""

    def __init__(self, pseudorandom_key: bytes, slug: str) -> None:
        self._pseudorandom_key = pseudorandom_key
        self._slug = slug
        self._derived: dict[str, bytes] = {}

    def derive(self, purpose: str) -> bytes:
        """32 bytes, the same every time for the same purpose."""
        key = self._derived.get(purpose)
        if key is None:
            info = b"kuulolla\x00" + self._slug.encode() + b"\x00" + purpose.encode()
            key = self._derived[purpose] = _expand(self._pseudorandom_key, info)
        return key

    def sign(self, purpose: str, message: bytes) -> bytes:
        """HMAC-SHA256 of a message under the purpose's key."""
        return hmac.new(self.derive(purpose), message, hashlib.sha256).digest()


class MasterKey:
    """The installation's secret (`KUULOLLA_SECRET_KEY`)."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < MASTER_MIN_BYTES:
            raise ValueError(f"the master secret is {len(secret)} bytes; give at least {MASTER_MIN_BYTES}")
        self._pseudorandom_key = hmac.new(b"kuulolla master v1", secret, hashlib.sha256).digest()
        self._tenants: dict[str, TenantKeys] = {}

    def for_tenant(self, slug: str) -> TenantKeys:
        """The keys of the tenant with this slug."""
        keys = self._tenants.get(slug)
        if keys is None:
            keys = self._tenants[slug] = TenantKeys(self._pseudorandom_key, slug)
        return keys
