"""Intervals over the runs of several tasks."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.pooled import improvement_interval, stratified_interval
from rlnas.statistics.samples import interquartile_mean, probability_of_improvement


def test_stratified_intervals():
    rng = np.random.default_rng(0)
    tasks = [rng.normal(mean, 0.1, 10) for mean in (0, 1, 2, 50)]
    runs = stratified_interval(tasks)
    assert runs.estimate == interquartile_mean(np.concatenate(tasks))
    assert runs.low < runs.estimate < runs.high
    means = stratified_interval(tasks, over="tasks")
    assert means.estimate == pytest.approx(np.mean([interquartile_mean(t) for t in tasks]))
    wide = stratified_interval(tasks, over="tasks", resample_tasks=True)
    assert wide.high - wide.low > 20 * (means.high - means.low)
    assert np.isnan(stratified_interval([[1.0], [2.0]]).low)
    with pytest.raises(InvalidArgumentError, match="no value"):
        stratified_interval([[1.0], [np.nan]])


def test_probability_of_improvement_over_tasks():
    better, worse, even = [3.0, 4, 5], [0.0, 1, 2], [1.0, 1.0]
    found = improvement_interval([better, even], [worse, even])
    assert found.estimate == 0.75
    assert (found.low, found.high) == (0.75, 0.75)
    rng = np.random.default_rng(0)
    x, y = rng.normal(0.5, 1, 15), rng.normal(size=12)
    one = improvement_interval([x], [y])
    assert one.estimate == pytest.approx(probability_of_improvement(x, y))
    assert one.low < one.estimate < one.high
    with pytest.raises(InvalidArgumentError, match="1 tasks and 2"):
        improvement_interval([x], [y, y])
