"""What an objective may give, and what becomes of everything else."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import InvalidArgumentError, in_words
from rlnas.search import SearchResult, get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import Evaluation, Metric, Task, make_task
from rlnas.tasks.outcome import checked, number

SPACE = get_space("transnas-micro")

NUMBERS = [
    (0.5, 0.5), (3, 3.0), (10**30, 1e30), (np.float32(0.5), 0.5), (np.int8(-2), -2.0),
    (np.array(0.25), 0.25), (Decimal("0.5"), 0.5), (Fraction(1, 2), 0.5),
]  # fmt: skip
NO_NUMBERS = [
    (None, "None"), ("0.5", "'0.5' (str)"), (True, "True (bool)"), (1j, "1j (complex)"),
    (np.array([0.5]), "an array of shape (1,)"), (np.True_, "True (bool)"), ([1], "[1] (list)"),
    (10**400, "too large for a float"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "expected"), NUMBERS)
def test_numbers_are_floats(given_, expected):
    assert number(given_, "score") == expected
    assert type(number(given_, "score")) is float


def test_a_tensor_without_axes_is_a_number():
    torch = pytest.importorskip("torch")
    assert number(torch.tensor(0.5, requires_grad=True), "score") == 0.5
    with pytest.raises(InvalidArgumentError, match="expected a number"):
        number(torch.zeros(1), "score")


@pytest.mark.parametrize(("given_", "words"), NO_NUMBERS)
@pytest.mark.parametrize("place", ["result", "score", "cost", "metric"])
def test_what_is_no_number_has_failed_and_is_named(given_, words, place):
    function = {
        "result": lambda text: given_,
        "score": lambda text: {"score": given_},
        "cost": lambda text: Evaluation(1.0, given_),
        "metric": lambda text: {"score": 1.0, "latency": given_, "size": 3},
    }[place]
    evaluation = make_task(SPACE, function).ledger(1).query(SPACE.arrays[0])
    assert evaluation.failed
    assert words in evaluation.error
    assert {"result": "score", "metric": "metric 'latency'"}.get(place, place) in evaluation.error
    if place == "metric":
        assert evaluation.metrics == {"size": 3.0}


@pytest.mark.parametrize("name", [1, None, "", "\ud800", "a\nb", "x" * 1000])
def test_a_metric_needs_a_name_that_can_be_shown(name):
    made = checked(Evaluation(1.0, 1.0, None, {name: 1.0}), lambda: 0.0)
    assert "a metric is called" in made.error
    assert len(made.error) < 300


@pytest.mark.parametrize("cost", [-1, math.nan, math.inf, "x"])
def test_a_cost_of_no_use_is_the_time_that_it_took(cost):
    made = checked(Evaluation(1.0, cost), lambda: 2.5)
    assert (made.failed, made.cost) == (True, 2.5)
    assert made.error.startswith("cost is ")


@pytest.mark.parametrize("error", [ValueError("bad"), "bad", KeyError])
def test_an_error_is_a_text(error):
    made = checked(Evaluation(1.0, 1.0, error), lambda: 0.0)
    assert type(made.error) is str
    assert math.isnan(made.score)


class Mute(Exception):
    def __str__(self):
        raise ValueError("no")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (GeneratorExit(), "GeneratorExit"),
        (Mute(), "Mute: (its text cannot be had: ValueError)"),
        (RuntimeError("\ud800"), "RuntimeError: \\ud800"),
        (RuntimeError("x" * 10**6), "x […] x"),
    ],
)
def test_whatever_is_raised_is_recorded(error, words, tmp_path):
    def fail(text):
        raise error

    class Together:
        metric = Metric(name="odd")
        in_flight = 2

        def evaluate(self, architecture):
            raise error

        def evaluate_many(self, architectures):
            raise error

    for task in (make_task(SPACE, fail), Task("odd", SPACE, Together())):
        result = get_searcher("random").search(task, 3, seed=0)
        assert [words in record.evaluation.error for record in result.records] == [True] * 3
        assert all(len(record.evaluation.error) < 2500 for record in result.records)
        loaded = SearchResult.load(result.save(tmp_path / "result.parquet"))
        assert loaded.records[0].evaluation.error == result.records[0].evaluation.error


def test_ctrl_c_ends_a_search():
    def interrupted(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get_searcher("random").search(make_task(SPACE, interrupted), 3, seed=0)


anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(),
    st.binary(), st.decimals(), st.fractions(), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.floats(), max_size=2),
)  # fmt: skip


@given(
    anything,
    anything,
    anything,
    st.one_of(
        anything,
        st.dictionaries(
            anything.filter(lambda key: not isinstance(key, list | dict)), anything, max_size=3
        ),
    ),
)
def test_every_evaluation_can_be_ranked_and_written(score, cost, error, metrics):
    made = checked(Evaluation(score, cost, error, metrics), lambda: 1.0)
    assert type(made.score) is type(made.cost) is float
    assert made.failed == math.isnan(made.score)
    assert math.isfinite(made.cost)
    assert made.cost >= 0
    assert all(type(n) is str and type(v) is float for n, v in made.metrics.items())
    if made.failed:
        made.error.encode("utf-8")
        assert len(made.error) < 11_000
    assert checked(made, lambda: 9.0) == made or made.failed


def test_words_of_errors_are_bounded():
    assert 1900 < in_words(ValueError("a" * 50_000)).count("a") < 2001
