"""Times to a threshold, censored ones among them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rlnas.statistics.censored import first_times, median_times, restricted_mean_times


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(int, st.integers(1, 12), elements=st.integers(1, 20)))
def test_with_a_common_budget_they_are_kaplan_meiers(arrivals):
    budget = 12
    times = np.where(arrivals <= budget, arrivals, np.inf)
    # The product-limit estimate written out, as the independent reference.
    waited, reached = np.minimum(times, budget), np.isfinite(times)
    share, area, last, median = 1.0, 0.0, 0.0, np.inf
    for time in np.unique(waited):
        area += share * (time - last)
        share *= 1 - (reached & (waited == time)).sum() / (waited >= time).sum()
        last = time
        median = min(median, time) if share <= 0.5 + 1e-12 else median
    area += share * (budget - last)
    assert restricted_mean_times(times, budget) == pytest.approx(area)
    assert median_times(times) == median


def test_first_times_by_hand():
    values = np.array([[0, 9, 0, 9, 9, 9.0], [0, 0, 0, 0, 0, 9.0]])
    points = np.arange(6) * 10.0
    found = first_times(values, points, np.array([0.0, 9.0, 10.0]))
    assert found.tolist() == [[0, 0], [10, 50], [np.inf, np.inf]]
