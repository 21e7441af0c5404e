"""Names from outside: those that may become a file, a label and a word pass, no other does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import InvalidArgumentError
from rlnas.names import LONGEST, check_name


@pytest.mark.parametrize(
    "name", ["jigsaw", "valid_top1", "my scores (2)", "Größe", "猫", "a.b-c", "%"]
)
def test_names_of_any_script_pass(name):
    assert check_name(name, "task") == name


@pytest.mark.parametrize(
    "name",
    [
        *("../../victim", "a/b", "a\\b", "a\tb", "a\nb", "a\0b", "x" * 300, "$\\frac$", "$x$"),
        *("\udcff", "", ".", "..", ".hidden", " a", "a ", "a.", "C:", "ü" * 60, None, 3, ["a"]),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name):
    with pytest.raises(InvalidArgumentError, match="The task name ") as caught:
        check_name(name, "task")
    assert len(str(caught.value)) < 400
    str(caught.value).encode()


@given(st.text(max_size=150))
def test_what_passes_stays_in_its_folder(name):
    try:
        check_name(name, "task")
    except InvalidArgumentError:
        return
    assert (Path("/some/folder") / name).resolve().parent == Path("/some/folder")
    assert len(name.encode()) <= LONGEST
    assert name.isprintable()
