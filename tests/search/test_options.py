"""Options of a searcher: what its dataclass says, and values as text."""

import math
from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import InvalidArgumentError
from rlnas.search.options import make_config, options_of, parse_options


@dataclass(frozen=True, kw_only=True)
class Config:
    """All kinds of options.

    Attributes:
        rate: How fast, 0 or more; it is
            said in two lines.
        steps: How many, or None.
        pace: One or the other.
        on: Whether it is on.
        sizes: Some numbers.

    Raises:
        InvalidArgumentError: Never.
    """

    rate: float = 1.0
    steps: int | float | None = None
    pace: Literal["slow", "fast"] = "slow"
    on: bool = False
    sizes: tuple[int, ...] = ()


def test_the_docstring_says_what_each_field_means():
    options = options_of(Config)
    assert list(options) == ["rate", "steps", "pace", "on", "sizes"]
    assert options["rate"].meaning == "How fast, 0 or more; it is said in two lines."
    assert options["sizes"].meaning == "Some numbers."
    assert options["steps"].expected() == ["none", "a whole number", "a number"]


def test_a_function_has_its_keyword_arguments_as_options():
    def make(*, size: int = 3, **rest):
        return size

    (option,) = options_of(make).values()
    assert (option.name, option.default, option.parse("4")) == ("size", 3, 4)


@given(
    st.floats(allow_nan=False), st.integers(), st.lists(st.integers(), min_size=1), st.booleans()
)
def test_values_come_back_from_text(rate, steps, sizes, on):
    texts = {"rate": repr(rate), "steps": str(steps), "on": str(on).lower()}
    found = parse_options(options_of(Config), texts | {"sizes": ",".join(map(str, sizes))}, "x")
    assert found == {"rate": rate, "steps": steps, "on": on, "sizes": tuple(sizes)}
    assert isinstance(found["steps"], int)
    assert isinstance(found["rate"], float)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("steps", "None", None),
        ("steps", "0.5", 0.5),
        ("pace", " fast ", "fast"),
        ("on", "No", False),
        ("sizes", "1, 2,", (1, 2)),
        ("rate", "inf", math.inf),
    ],
)
def test_text_is_read_as_its_field_says(name, text, value):
    assert options_of(Config)[name].parse(text) == value


@pytest.mark.parametrize(
    ("name", "text"), [("rate", "none"), ("on", "2"), ("pace", "medium"), ("sizes", "1,x")]
)
def test_what_is_no_value_is_said(name, text):
    with pytest.raises(InvalidArgumentError, match=f"{name} is {text!r}; expected"):
        options_of(Config)[name].parse(text)


def test_a_configuration_is_made_from_another_and_from_keywords():
    assert make_config(Config, None, {}, "x") == Config()
    assert make_config(Config, Config(rate=2.0), {"on": True}, "x") == Config(rate=2.0, on=True)
    with pytest.raises(InvalidArgumentError, match=r"no option rat; .* Did you mean 'rate'"):
        make_config(Config, None, {"rat": 1}, "x")
