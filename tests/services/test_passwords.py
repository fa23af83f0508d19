"""Passwords: argon2id with the parameters that the house promises, and no shortcut that a clock could see."""

import time

import pytest

from chalicelib.services import passwords


def test_a_hash_is_argon2id_with_owasp_parameters_and_its_own_salt() -> None:
    one, other = passwords.hashed("long enough pass"), passwords.hashed("long enough pass")
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert one != other
    assert "long" not in one


@pytest.mark.parametrize(
    "password", ["long enough pass", "ünïcödé pass 😀", " spaces around ", "x" * 200, "a\x00b c d e f g"]
)
def test_the_right_password_matches_and_its_neighbours_do_not(password: str) -> None:
    stored = passwords.hashed(password)
    assert passwords.matches(stored, password)
    for wrong in (password + " ", password[:-1], password.swapcase() if password.isascii() else password.upper(), ""):
        assert wrong == password or not passwords.matches(stored, wrong)


def test_nobody_has_no_password_not_even_the_one_it_is_made_of() -> None:
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches(None, "")


@pytest.mark.parametrize(
    "stored", ["", "plain", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA", "$2b$12$x"]
)
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not passwords.matches(stored, stored)
    assert not passwords.matches(stored, "plain")


def test_nobody_takes_as_long_as_somebody() -> None:
    stored = passwords.hashed("long enough pass")

    def seconds(of: str | None) -> float:
        took = []
        for _ in range(5):
            start = time.process_time()
            passwords.matches(of, "wrong password")
            took.append(time.process_time() - start)
        return min(took)

    passwords.matches(None, "warm")
    assert 0.5 < seconds(None) / seconds(stored) < 2
