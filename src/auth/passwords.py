"""Passwords of staff accounts: what is accepted as a new one, and argon2id.

A hash takes about a tenth of a second of one core and 64 MiB: it runs in a thread, two at a time in a process. Never
wait for one with a connection in hand.
"""

import asyncio
import hashlib
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from kernel.errors import FieldProblem, Invalid

T = TypeVar("T")

SHORTEST = 12
"""SP 800-63B rev. 3 §5.1.1.2 asks for 8 characters, ASVS 4.0 V2.1.1 for 12. (Rev. 4 asks for 15 where the password
stands alone: raise it when the municipalities are told.)"""
LONGEST = 256
"""ASVS 5.0 V6.2.9 asks to take at least 64; far more is no password."""
FEWEST_DIFFERENT = 5
"""`aaaaaaaaaaaa` is long and no password."""

# RFC 9106 §4, the second recommended option (64 MiB); measured 0.12 s on the 2-core reference machine, 2026-11.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16, type=Type.ID)
# No password's hash, of the same cost as a real one: an unknown account is answered after as much work as a known one.
_NOBODYS_HASH = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5J3Mgc2FsdC4uLg$bm8gcGFzc3dvcmQgaGFzaGVzIHRvIHRoaXMgdmFsdWU"
# Apart from the loop's default threads: a flood of sign-ins must not keep photos and files waiting.
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def check_new_password(password: str, *, about: tuple[str, ...] = (), path: str = "password") -> None:
    """Accept a new password or raise Invalid. `about` is what is known of the person: name, e-mail address.

    No rules on kinds of characters and no expiry: both make passwords worse (SP 800-63B §5.1.1.2).
    """
    password = _normalised(password)
    length = len(password)
    if length < SHORTEST:
        raise Invalid(FieldProblem(path, "too_short", {"shortest": SHORTEST, "length": length}))
    if length > LONGEST:
        raise Invalid(FieldProblem(path, "too_long", {"longest": LONGEST, "length": length}))
    lowered = password.casefold()
    words = {word for text in about for word in _words(text)}
    rest = lowered
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(set(lowered)) < FEWEST_DIFFERENT or len(rest) < SHORTEST // 2:
        raise Invalid(FieldProblem(path, "too_guessable"))


async def hash_password(password: str) -> str:
    """The argon2id hash to store, with its parameters and salt in it."""
    return await _in_thread(_HASHER.hash, _normalised(password))


async def verify_password(stored: str | None, password: str) -> bool:
    """Whether it is the password. Without a stored hash the answer is no, after as long as with one."""
    return await _in_thread(_verify, stored, password)


def needs_rehash(stored: str) -> bool:
    """Whether it was made with other parameters than today's: hash it again while the password is at hand."""
    return _HASHER.check_needs_rehash(stored)


def _verify(stored: str | None, password: str) -> bool:
    # What is too long is shortened to something of equal cost that nobody has: its length costs us nothing.
    given = _normalised(password) if len(password) <= LONGEST else hashlib.sha256(_bytes(password)).hexdigest()
    try:
        _HASHER.verify(stored or _NOBODYS_HASH, given)
    except VerifyMismatchError:
        return False
    return stored is not None and len(password) <= LONGEST


def _normalised(password: str) -> str:
    # The same password typed on another keyboard is the same bytes (SP 800-63B §5.1.1.2: NFKC). A surrogate cannot be
    # encoded; a form that carries one gets a wrong password, not an error of ours.
    return _bytes(unicodedata.normalize("NFKC", password)).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")


def _words(text: str) -> list[str]:
    parts = "".join(character if character.isalnum() else " " for character in text.casefold()).split()
    return [part for part in parts if len(part) > 2]  # noqa: PLR2004 - shorter ones stand in any text


async def _in_thread(function: Callable[..., T], *arguments: str | None) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, function, *arguments)
