"""The secret tracking code and the hashes kept of it and of idempotency keys (ADR 0008).

The code is made from the idempotency key with the tenant's own key, so a repeated request gets the same receipt though
the database holds hashes only: of the code, and of the idempotency key.
"""

import hashlib

from kernel.keys import TenantKeys

# Crockford's base32: no I, L, O, U, so a code can be read out over the phone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 23
"""23 characters are 115 bits; ASVS 5.0 V6.5.2 lets 112 or more be kept under a plain hash."""
GROUP_LENGTH = 4
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def tracking_code(keys: TenantKeys, idempotency_key: str) -> str:
    """The code that goes with this idempotency key: 23 characters, without groups."""
    number = int.from_bytes(keys.sign("tracking code", idempotency_key.encode()))
    return "".join(ALPHABET[(number >> 5 * position) & 31] for position in range(CODE_LENGTH))


def in_groups(code: str) -> str:
    """The code as it is shown: groups of four."""
    return "-".join(code[start : start + GROUP_LENGTH] for start in range(0, len(code), GROUP_LENGTH))


def normalise(typed: str) -> str | None:
    """What a person typed, as a code: any case, spaces and hyphens, O for 0, I and L for 1. None: it can be no code."""
    code = "".join(typed.split()).replace("-", "").upper().translate(_READ_AS)
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


def code_hash(code: str) -> bytes:
    """What is stored of a normalised code."""
    return hashlib.sha256(b"tracking\x00" + code.encode()).digest()


def idempotency_hash(key: str) -> bytes:
    """What is stored of an idempotency key."""
    return hashlib.sha256(b"idempotency\x00" + key.encode()).digest()
