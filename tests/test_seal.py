"""A content that says whether it is what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.seal import BLANK, check_seal, checksum, sealed


@given(st.binary(), st.binary(), st.data())
def test_every_bit_counts(before, after, data):
    content = sealed(before + BLANK.encode() + after)
    check_seal(content, expected=True)
    place = data.draw(st.integers(0, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    damaged = content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
    with pytest.raises(ValueError, match="checksum"):
        check_seal(damaged, expected=True)


def test_one_without_passes_unless_it_is_expected():
    check_seal(b"of an earlier version")
    with pytest.raises(ValueError, match="gone"):
        check_seal(b"of an earlier version", expected=True)
    with pytest.raises(ValueError, match="no room"):
        sealed(b"")


def test_it_is_the_published_checksum():
    assert checksum(b"123456789") == "e3069283"  # CRC-32C's check value
