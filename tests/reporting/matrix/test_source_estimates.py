"""Similarities as arrays, and what is known without any."""

import numpy as np
import pytest

from rlnas.reporting.matrix.measured_sources import (
    MeasuredSources,
)
from rlnas.reporting.matrix.source_estimates import best_on_average


def test_the_best_source_on_average_has_not_seen_its_target(make_rows):
    rows = make_rows()
    average = best_on_average(MeasuredSources.from_rows(rows, "zero-shot"))
    truth = MeasuredSources.from_rows(rows, "zero-shot")
    t, s = truth.targets.index("a"), truth.sources.index("b")
    # b's gains on the targets other than a: 0 on d, log10(1/2) on c.
    assert average[t, s] == pytest.approx((np.log10(0.5) + 0) / 2)
    rows.loc[(rows["target"] == "a") & (rows["source"] == "b"), "rank"] = 4000.0
    changed = best_on_average(MeasuredSources.from_rows(rows, "zero-shot"))
    assert changed[t, s] == average[t, s]
    assert changed[truth.targets.index("c"), s] < average[truth.targets.index("c"), s]
