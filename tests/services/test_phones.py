"""Phone numbers: one number, one form, and nothing is lost of what cannot be told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services import phones


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("+43 1 5880 1000", None, "+43158801000"),
        ("0043 1 5880 1000", None, "+43158801000"),
        ("(01) 5880 1000", "AT", "+43158801000"),
        ("0664/123 45 67", "AT", "+436641234567"),
        ("020 7946 0101", "GB", "+442079460101"),
        ("+1 (212) 555-0143", "AT", "+12125550143"),
        ("555-0143", None, "555-0143"),
        ("+999 123 456", None, "+999123456"),
        ("12", "AT", "12"),
    ],
)
def test_a_number_is_kept_in_one_form_if_it_can_be_told(typed: str, region: str | None, kept: str) -> None:
    assert phones.normalized(typed, region) == kept


@given(st.text("+0123456789 ()-./", max_size=30), st.sampled_from([None, "AT", "US", "GB", "XX"]))
def test_the_form_of_the_form_is_the_form(typed: str, region: str | None) -> None:
    once = phones.normalized(typed, region)
    assert phones.normalized(once, region) == once
