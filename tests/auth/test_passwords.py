"""Passwords: what is accepted, and that checking one costs the same whoever asks."""

import argon2
import pytest
from argon2 import PasswordHasher

from auth.passwords import (
    LONGEST,
    SHORTEST,
    check_new_password,
    hash_password,
    needs_rehash,
    verify_password,
)
from kernel.errors import Invalid


async def test_a_password_is_verified_by_its_hash_and_another_is_not() -> None:
    stored = await hash_password("lumi-aura-hiekka-42")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await verify_password(stored, "lumi-aura-hiekka-42")
    assert not await verify_password(stored, "lumi-aura-hiekka-43")


async def test_letters_composed_in_another_way_are_the_same_password() -> None:
    stored = await hash_password("p\u00e4iv\u00e4n s\u00e4\u00e4")
    assert await verify_password(stored, "pa\u0308iva\u0308n sa\u0308a\u0308")


async def test_a_lone_surrogate_or_an_endless_password_is_a_wrong_one_and_no_error() -> None:
    stored = await hash_password("lumi-aura-hiekka-42")
    assert not await verify_password(stored, "\udcff" * 12)
    assert not await verify_password(stored, "a" * 1_000_000)


async def test_an_unknown_account_costs_a_verification_with_todays_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[str] = []
    verify = PasswordHasher.verify

    def counting(self: PasswordHasher, stored: str | bytes, password: str | bytes) -> bool:
        seen.append(str(stored))
        return bool(verify(self, stored, password))

    monkeypatch.setattr(PasswordHasher, "verify", counting)
    assert not await verify_password(None, "lumi-aura-hiekka-42")
    assert not await verify_password(await hash_password("something else"), "lumi-aura-hiekka-42")
    unknown, known = seen
    assert argon2.extract_parameters(unknown) == argon2.extract_parameters(known)
    assert not needs_rehash(unknown)


def test_a_hash_of_weaker_parameters_is_due_for_another() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("lumi-aura-hiekka-42"))


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("a1!" * 3, "too_short"),
        ("x" * (SHORTEST - 1), "too_short"),
        ("lumi-aura-1 " * 30, "too_long"),
        ("abcabcabcabc", "too_guessable"),
        ("aaaaaaaaaaaaaaaaaaaa", "too_guessable"),
        ("Virtanen2026!", "too_guessable"),
        ("aino.virtanen@example", "too_guessable"),
    ],
)
def test_a_short_an_endless_and_a_guessable_password_are_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_new_password(password, about=("aino.virtanen@example.org", "Aino Virtanen"))
    assert [problem.code for problem in refused.value.problems] == [code]


@pytest.mark.parametrize("password", ["lumi-aura-hiekka-42", "neljä sanaa ilman numeroa", "p" * 8 + "qwer" * 60])
def test_long_passwords_need_no_special_characters(password: str) -> None:
    assert SHORTEST <= len(password) <= LONGEST
    check_new_password(password, about=("aino@example.org", "Aino Virtanen"))
