"""Mail addresses: one mailbox in two spellings is one, and what cannot be is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.schemas import decoding
from chalicelib.schemas.fields import Address
from chalicelib.services import emails


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada@Example.COM", "ada@example.com"),
        ("ada@müller.de", "ada@xn--mller-kva.de"),
        ("ada@MÜLLER.de", "ada@müller.de"),
        ("jo\u0308rg@example.com", "jörg@example.com"),
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        (" ada@example.com ", "ada@example.com"),
        ("ada@example。com", "ada@example.com"),
    ],
)
def test_two_spellings_of_one_mailbox_are_one(one: str, other: str) -> None:
    assert emails.folded(one) == emails.folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ada@example.com", "ada@example.org"),
        ("a.da@example.com", "ada@example.com"),
        ("ada+x@example.com", "ada@example.com"),
    ],
)
def test_two_mailboxes_are_two(one: str, other: str) -> None:
    assert emails.folded(one) != emails.folded(other)


@pytest.mark.parametrize(
    "address",
    ["", "ada", "ada@", "@example.com", "ada@" + "ü" * 63 + ".com", "ada@" + "ü." * 90 + "com", "ada@exa\u2100mple.com",
     "ada@ex\uff20ample.com", "ada@a\u2024\u2024b.com", "ada@\u00a8.com", "ﷺ" * 65 + "@example.com"],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field(address: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        emails.checked(address, "/email")
    assert caught.value.flaws[0].pointer == "/email"


odd = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(odd, odd, st.sampled_from(["com", "ü", "例子", "ÄÖ", "museum"]))
def test_what_is_checked_is_an_address_that_stays_as_it_is(local: str, host: str, top: str) -> None:
    try:
        once = emails.checked(f"{local}@{host}.{top}", "/email")
    except errors.Invalid:
        return
    decoding.convert(once, Address)
    assert emails.checked(once, "/email") == once
    assert emails.folded(once) == once
    assert once.rpartition("@")[2].isascii()


@given(st.text(max_size=400))
@example("x" * 400)
@example("ﷺ" * 254 + "@example.com")
@example("a@" + "ü." * 126)
def test_folding_never_fails_and_fits_into_a_key(address: str) -> None:
    folded = emails.folded(address)
    assert len(folded) <= 254
    assert len(folded.encode("utf-8", "surrogatepass")) <= 1024
