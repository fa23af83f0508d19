"""The key ring: what we signed is ours, for its one use, across rotations, and nothing else ever is."""

import base64
import hmac
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.adapters import secrets
from chalicelib.services import keyring


class Store:
    """Our own fake of the secret store, which counts how often it is asked."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.reads = 0

    def read(self, name: str) -> str | None:
        self.reads += 1
        return self.kept.get(name)

    def create(self, name: str, value: str) -> bool:
        if name in self.kept:
            return False
        self.kept[name] = value
        return True

    def rotate(self) -> None:
        """What `make rotate-keys` does."""
        ring = msgspec.json.decode(self.kept[keyring.SECRET], type=keyring.Ring)
        self.kept[keyring.SECRET] = msgspec.json.encode(keyring.new_ring(ring)).decode()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    made = Store()
    monkeypatch.setattr(secrets, "read", made.read)
    monkeypatch.setattr(secrets, "create", made.create)
    keyring.forget()
    yield made
    keyring.forget()


def _parts(token: str) -> list[Any]:
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def _later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = clock.ticks()
    monkeypatch.setattr(clock, "ticks", lambda: now + seconds)


def test_the_first_use_makes_the_ring_and_keeps_it(store: Store) -> None:
    token = keyring.sign("access", {"a": 1})
    keyring.forget()
    assert keyring.verify("access", token) == {"a": 1}
    ring = json.loads(store.kept[keyring.SECRET])
    assert len(base64.b64decode(ring["keys"][ring["current"]])) == 32


def test_whoever_comes_second_takes_the_ring_of_the_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = msgspec.json.encode(keyring.new_ring()).decode()

    def create(name: str, value: str) -> bool:
        store.kept[name] = first  # somebody was faster
        return False

    monkeypatch.setattr(secrets, "create", create)
    token = keyring.sign("access", {})
    assert _parts(token)[0]["kid"] == json.loads(first)["current"]


def test_a_token_is_a_jws_that_anybody_can_read_and_check_with_the_key(store: Store) -> None:
    token = keyring.sign("access", {"sub": "ünï"})
    head, claims = _parts(token)
    assert (head["alg"], head["use"], claims) == ("HS256", "access", {"sub": "ünï"})
    ring = json.loads(store.kept[keyring.SECRET])
    text, _, mac = token.rpartition(".")
    expected = hmac.digest(base64.b64decode(ring["keys"][head["kid"]]), text.encode(), "sha256")
    assert base64.urlsafe_b64decode(mac + "=") == expected


def test_after_a_rotation_old_tokens_verify_and_new_ones_use_the_new_key(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keyring.sign("access", {"n": 1})
    store.rotate()
    keyring.forget()
    after = keyring.sign("access", {"n": 2})
    assert _parts(before)[0]["kid"] != _parts(after)[0]["kid"]
    assert (keyring.verify("access", before), keyring.verify("access", after)) == ({"n": 1}, {"n": 2})
    assert keyring.derive("x", _parts(before)[0]["kid"])[1] != keyring.derive("x")[1]


def _from_elsewhere(store: Store) -> str:
    """A token by a process that has seen a rotation which we have not."""
    ours = keyring._ring()
    store.rotate()
    keyring.forget()
    token = keyring.sign("access", {"n": 2})
    keyring._cached = ours
    return token


def test_a_key_made_elsewhere_a_moment_ago_is_found_at_once(store: Store) -> None:
    keyring.sign("access", {})
    token = _from_elsewhere(store)
    reads = store.reads
    assert keyring.verify("access", token) == {"n": 2}
    assert store.reads == reads + 1


def test_after_a_look_in_vain_it_is_looked_for_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = keyring.sign("access", {})
    stranger = base64.urlsafe_b64encode(b'{"alg": "HS256", "kid": "k", "use": "access"}').decode()
    assert keyring.verify("access", ".".join([stranger, *first.split(".")[1:]])) is None
    ours, looked = keyring._ring(), keyring._looked
    token = _from_elsewhere(store)
    keyring._cached, keyring._looked = ours, looked
    assert keyring.verify("access", token) is None
    _later(monkeypatch, 6)
    assert keyring.verify("access", token) == {"n": 2}


def test_nobody_makes_us_read_the_store_at_his_bidding(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    token = keyring.sign("access", {"n": 1})
    reads = store.reads
    _, claims, mac = token.split(".")
    for number in range(200):
        head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": f"k{number}", "use": "access"}).encode())
        assert keyring.verify("access", f"{head.decode().rstrip('=')}.{claims}.{mac}") is None
    assert store.reads == reads + 1
    for _ in range(50):
        assert keyring.verify("access", token) == {"n": 1}
    assert store.reads == reads + 1


def test_a_token_of_one_use_is_no_good_for_another(store: Store) -> None:
    uses = ["access", "refresh", "cursor", "unsubscribe"]
    for made in uses:
        token = keyring.sign(made, {})
        assert [use for use in uses if keyring.verify(use, token) is not None] == [made]


def test_derived_keys_differ_by_purpose_and_an_unknown_key_is_an_error(store: Store) -> None:
    kid, key = keyring.derive("one")
    assert keyring.derive("one", kid) == (kid, key)
    assert keyring.derive("two")[1] != key
    assert len(key) == 32
    with pytest.raises(KeyError):
        keyring.derive("one", "unknown")


claims_of_all_kinds = st.dictionaries(
    st.text(max_size=5), st.none() | st.integers(-(2**53), 2**53) | st.text(max_size=10) | st.booleans(), max_size=4
)
spaces = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@spaces
@given(claims_of_all_kinds)
def test_what_was_signed_is_what_is_read(store: Store, claims: dict[str, Any]) -> None:
    assert keyring.verify("access", keyring.sign("access", claims)) == claims


@settings(spaces, max_examples=400)
@given(st.data())
def test_a_token_with_one_character_changed_is_none(store: Store, data: st.DataObject) -> None:
    token = keyring.sign("access", {"ten": "ten_1", "sub": "usr_1", "exp": 1.5})
    at = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.characters(codec="utf-8").filter(lambda other: other != token[at]))
    assert keyring.verify("access", token[:at] + sign + token[at + 1 :]) is None


@spaces
@given(st.data())
def test_a_token_cut_or_grown_is_none(store: Store, data: st.DataObject) -> None:
    token = keyring.sign("access", {"n": 1})
    at = data.draw(st.integers(0, len(token) - 1))
    assert keyring.verify("access", token[:at]) is None
    assert keyring.verify("access", token[at + 1 :]) is None
    extra = data.draw(st.text(min_size=1, max_size=3))
    assert keyring.verify("access", token + extra) is None
    assert keyring.verify("access", extra + token) is None


@spaces
@given(st.text(max_size=80))
def test_whatever_text_is_none(store: Store, text: str) -> None:
    assert keyring.verify("access", text) is None


plain = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda one: st.lists(one, max_size=2) | st.dictionaries(st.text(max_size=3), one, max_size=2),
    max_leaves=4,
)


def _b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@spaces
@given(plain | st.fixed_dictionaries({"kid": plain, "alg": plain, "use": plain}), plain)
def test_whatever_header_is_none(store: Store, head: Any, claims: Any) -> None:
    assert keyring.verify("access", f"{_b64(head)}.{_b64(claims)}.x") is None


@pytest.mark.parametrize("part", ["[" * 2000, '{"kid":' * 2000, "\udcff", '"\\ud800"', "{}", "null", "NaN", ""])
def test_a_header_of_every_ill_is_none(store: Store, part: str) -> None:
    text = base64.urlsafe_b64encode(part.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    assert keyring.verify("access", f"{text}.e30.x") is None
    assert keyring.verify("access", f"e30.{text}.x") is None


def test_the_algorithm_is_ours_to_choose(store: Store) -> None:
    keyring.sign("access", {})
    ring = keyring._ring()
    for algorithm in ("none", "HS512", "RS256", None):
        text = f"{_b64({'alg': algorithm, 'kid': ring.current, 'use': 'access'})}.{_b64({})}"
        assert keyring.verify("access", f"{text}.{keyring._mac(ring.keys[ring.current], text)}") is None
    text = f"{_b64({'alg': 'HS256', 'kid': ring.current, 'use': 'access'})}.{_b64([1])}"
    assert keyring.verify("access", f"{text}.{keyring._mac(ring.keys[ring.current], text)}") is None
