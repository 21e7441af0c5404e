"""The synthetic suite is what it says: correlated as chosen, smooth, and plainly synthetic."""

import itertools

import numpy as np
import pytest

from rlnas.benchmarks import load_suite, synthetic_suite
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import CellSpace, get_space
from rlnas.testing import check_task


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9, 1.0])
@pytest.mark.parametrize("space", ["transnas-micro", "transnas-macro"])
def test_tasks_correlate_as_chosen(correlation, space):
    suite = synthetic_suite(get_space(space), num_tasks=5, correlation=correlation, seed=3)
    scores = [task.scores for task in suite.values()]
    for a, b in itertools.combinations(scores, 2):
        assert np.corrcoef(a, b)[0, 1] == pytest.approx(correlation, abs=1e-9)
    for column in scores:
        assert (column.mean(), column.std()) == pytest.approx((0, 1), abs=1e-9)


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_neighbours_are_alike_and_far_architectures_are_not(noise):
    """The correlation at Hamming distance 1, measured over all pairs of neighbours."""
    suite = synthetic_suite(noise=noise, num_tasks=2, seed=1)
    space = suite.space
    scores = suite["synthetic-0"].scores
    near = np.corrcoef(
        np.repeat(scores, space.legal.sum(axis=1)), scores[space.next_index[space.legal]]
    )[0, 1]
    rng = np.random.default_rng(0)
    far = np.corrcoef(scores, scores[rng.permutation(space.size)])[0, 1]
    # Without noise one edit in six positions keeps about 0.7 · 5/6 + 0.3 · 2/3 of the variance.
    expected = (1 - noise) * (0.7 * 5 / 6 + 0.3 * 2 / 3)
    assert near == pytest.approx(expected, abs=0.15)
    assert abs(far) < 0.05


def test_seeds():
    first, again, other = (synthetic_suite(seed=s)["synthetic-1"] for s in (0, 0, 1))
    np.testing.assert_array_equal(first.scores, again.scores)
    np.testing.assert_array_equal(first.costs, again.costs)
    assert abs(np.corrcoef(first.scores, other.scores)[0, 1]) < 0.5


def test_it_is_named_as_what_it_is():
    suite = load_suite("synthetic-micro")
    assert suite.name == "synthetic-micro"
    assert "not measured" in suite.description
    for task in suite.values():
        check_task(task)
        assert task.metric.note.startswith("synthetic")
        assert (task.costs > 0).all()
        assert np.corrcoef(task.scores, task.test_scores)[0, 1] > 0.99
        assert (task.scores != task.test_scores).all()
    assert synthetic_suite(get_space("nasbench-201"), num_tasks=1).name == "synthetic-nasbench-201"


@pytest.mark.parametrize("options", [{"metric": "acc"}, {"seed": 1}, {"epoch": "best"}])
def test_it_has_nothing_to_choose_from(options):
    with pytest.raises(InvalidArgumentError, match="one metric, seed and epoch"):
        load_suite("synthetic-micro", **options)


@pytest.mark.parametrize(
    "options",
    [
        {"correlation": 1.1},
        {"correlation": -0.1},
        {"noise": 2},
        {"num_tasks": 0},
        {"interaction": -1},
    ],
)
def test_arguments_out_of_range_are_refused(options):
    with pytest.raises(InvalidArgumentError, match="expected"):
        synthetic_suite(**options)


def test_a_space_too_small_for_the_tasks_is_told():
    space = CellSpace("tiny", [(0, 1)], ["a", "b", "c", "d"])
    assert len(synthetic_suite(space, num_tasks=1)) == 1
    with pytest.raises(InvalidArgumentError, match="fewer tasks"):
        synthetic_suite(
            CellSpace("flat", [(0, 1), (1, 2)], ["a", "b"]), num_tasks=2, noise=0, interaction=0
        )
