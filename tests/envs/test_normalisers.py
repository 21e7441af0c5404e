"""Scales of scores, and the line between what a source and what a target may know."""

import numpy as np
import pytest
from scipy import stats

from rlnas.envs import (
    RunningTransform,
    TableScorer,
    normalise_table,
    normaliser_names,
)
from rlnas.errors import LeakageError, UnknownNameError
from rlnas.tasks import Metric, TabularTask


def expected(name, measured):
    """Return the normalised measured scores by the formulas of the docstrings, one by one."""
    n = len(measured)
    rows = []
    for score in measured:
        above, ties = (score < measured).sum(), (score == measured).sum()
        below = n - above - ties
        rows.append(
            {
                "rank-gaussian": stats.norm.ppf((below + (ties + 1) / 2 - 0.5) / n),
                "log-rank": -np.log10(above + 1),
                "min-max": (score + 2) / 11,
                "z-score": (score - measured.mean()) / measured.std(),
                "identity": score,
            }[name]
        )
    return np.array(rows)


@pytest.mark.parametrize("name", normaliser_names())
def test_formulas(name, tiny, measured):
    table = normalise_table(tiny, name)
    assert np.isnan(table[2])
    np.testing.assert_allclose(table[~np.isnan(tiny.scores)], expected(name, measured))


@pytest.mark.parametrize("name", normaliser_names())
def test_constant_scores_stay_finite(name, tiny):
    flat = TabularTask("flat", tiny.space, np.full(9, 5.0), Metric(name="m"))
    assert np.isfinite(normalise_table(flat, name)).all()


def test_a_target_cannot_be_fitted(tiny):
    with tiny.sealed():
        with pytest.raises(LeakageError, match="ledger"):
            normalise_table(tiny, "log-rank")
        with pytest.raises(LeakageError):
            TableScorer(tiny, "min-max")
    TableScorer(tiny, "min-max")


def test_unknown_names(tiny):
    with pytest.raises(UnknownNameError, match="log-rank"):
        normalise_table(tiny, "logrank")
    with pytest.raises(UnknownNameError, match="z-score"):
        RunningTransform("zscore")


@pytest.mark.parametrize("name", normaliser_names())
def test_running_transform_of_everything_is_the_table(name, measured):
    running = RunningTransform(name)
    np.testing.assert_allclose(running.normalise(measured, measured), expected(name, measured))
    np.testing.assert_array_equal(running.normalise(np.array([1.0, 2.0]), np.array([])), 0.0)
    assert running.normalise(np.array([5.0]), measured[:1]).shape == (1,)
    between = running.normalise(np.array([3.5]), measured)[0]
    low, high = running.normalise(np.array([3.0, 4.0]), measured)
    assert low <= between <= high
