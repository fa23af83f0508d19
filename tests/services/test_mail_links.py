"""Links in mails: they say what we put into them, for their one use, for ever; and nothing else is taken for one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.services import keyring, mail_links

pytestmark = pytest.mark.usefixtures("engine")
TENANT, CONTACT, RUN = ids.new("ten"), ids.new("con"), ids.new("run")


@given(
    use=st.sampled_from(sorted(mail_links.USES)),
    run=st.sampled_from(["", RUN]),
    step=st.integers(0, 255),
    extra=st.text(),
)
def test_a_link_says_what_was_put_into_it(use: str, run: str, step: int, extra: str) -> None:
    extra = extra.encode(errors="ignore").decode()[:500]
    token = mail_links.make(use, TENANT, CONTACT, run, str(step), extra)
    assert mail_links.read(use, token) == (TENANT, CONTACT, run, str(step), extra)
    for other in mail_links.USES.keys() - {use}:
        assert mail_links.read(other, token) is None


def test_it_is_short_and_fit_for_a_path() -> None:
    token = mail_links.make("unsubscribe", TENANT, CONTACT, RUN)
    assert len(token) < 110
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(position=st.integers(0, 200), letter=st.sampled_from("AaZz09-_.%é \x00"))
def test_a_changed_one_is_none(position: int, letter: str) -> None:
    token = mail_links.make("click", TENANT, CONTACT, RUN, extra="https://example.com/")
    position %= len(token)
    changed = token[:position] + letter + token[position + 1 :]
    assert changed == token or mail_links.read("click", changed) is None


@given(st.text(max_size=300))
def test_whatever_else_comes_is_none(text: str) -> None:
    assert mail_links.read("click", text) is None
    kid, _ = keyring.derive("any")
    assert mail_links.read("click", f"{kid}.{base64.urlsafe_b64encode(text.encode(errors='ignore')).decode()}") is None


def test_old_mails_work_after_the_keys_were_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    token = mail_links.make("unsubscribe", TENANT, CONTACT)
    ring = keyring._ring()
    monkeypatch.setattr(keyring, "_cached", keyring.new_ring(ring))
    assert mail_links.make("unsubscribe", TENANT, CONTACT) != token
    assert mail_links.read("unsubscribe", token) == (TENANT, CONTACT, "", "0", "")
