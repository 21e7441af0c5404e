"""Whatever a reader stumbles over is one bounded error, and nothing claimed sizes anything."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.damage import LONGEST, check_size, guarded, parse_json, read_json
from rlnas.errors import (
    ChecksumError,
    DataError,
    InvalidArgumentError,
    MissingDependencyError,
    bounded,
    shown,
)


class Mute(Exception):
    def __str__(self):
        raise RuntimeError("nothing to say")


@pytest.mark.parametrize(
    "error",
    [
        struct.error("x"),
        RecursionError("x"),
        OverflowError("x"),
        MemoryError(),
        AttributeError("x"),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "x"),
        AssertionError(),
        StopIteration(),
        Mute("x"),
        InvalidArgumentError("x"),
        OSError("x"),
        ImportError("x"),
        ValueError("x" * 10**6),
    ],
)
def test_an_error_of_any_kind_becomes_ours(error):
    with pytest.raises(DataError, match=r"no readable table; ") as caught, guarded("x", "table"):
        raise error
    assert type(error).__name__ in str(caught.value)
    assert len(str(caught.value)) <= LONGEST


def test_our_own_keep_type_and_words():
    for error in (ChecksumError("short"), MissingDependencyError("a", "b", "c")):
        with pytest.raises(type(error)) as caught, guarded("x", "table"):
            raise error
        assert caught.value is error
    with pytest.raises(ChecksumError) as caught, guarded("x", "table"):
        raise ChecksumError("begin\x1b" + "x" * 5000 + "end")
    assert len(str(caught.value)) <= LONGEST
    assert str(caught.value).startswith("begin\\x1b")
    assert str(caught.value).endswith("end")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_passes(stop):
    with pytest.raises(stop), guarded("x", "table"):
        raise stop


@given(st.text(st.characters(), max_size=300), st.integers(20, 200))
def test_bounded_texts_are_short_and_printable(text, limit):
    found = bounded(text, limit)
    assert len(found) <= limit
    assert all(sign.isprintable() or sign == "\n" for sign in found)
    found.encode()
    if len(text) <= limit and text.isprintable():
        assert found == text


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_values_are_shown_in_short(value):
    assert len(shown(value)) <= 80
    assert len(shown([value])) <= 80


def test_a_structure_that_grows_when_written_is_not_walked():
    value = "x"
    for _ in range(60):
        value = [value, value]
    assert shown(value) == "a value of type list"
    assert len(shown(10**5000)) < 80


def test_arrays_are_no_larger_than_what_fills_them():
    check_size((4096, 25), 1, "small whatever is held")
    check_size((10**5, 10**4), 10**7, "padded a hundred times")
    for shape in ((10**18,), (10**5, 10**5), (-1, 3)):
        with pytest.raises(DataError, match="lengths cannot be right"):
            check_size(shape, 1000, "a column")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b"[" * 10**6, b"1" * 10_000, b'{"a": "\\ud800"}', b"\xff\xfe\xfa"],
)
def test_json_that_cannot_be_kept_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match="no readable list"):
        read_json(path, "list")


def test_json_is_read_up_to_a_size(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"ü": "\U0001f600"}))
    assert read_json(path, "list") == {"ü": "\U0001f600"}
    with pytest.raises(DataError, match="more than a list can have"):
        read_json(path, "list", most=3)
    with pytest.raises(DataError, match="no plain file"):
        read_json(tmp_path, "list")
    with pytest.raises(DataError, match="no readable list"):
        read_json(tmp_path / "missing.json", "list")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_of_whole_signs_is_read(value):
    try:
        data = json.dumps(value).encode()
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    assert parse_json(data) == value
