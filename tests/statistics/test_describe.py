"""What a sample, or each group of a table, comes to."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.describe import describe, summarise


def test_describe_has_both_means_with_their_intervals():
    values = [1.0, 1.0, 2.0, 3.0, 100.0, 4.0, 2.0, np.nan, 1.0]
    known = [value for value in values if not np.isnan(value)]
    found = describe(values)
    assert found["n"] == 8
    assert found["mean"] == pytest.approx(np.mean(known))
    assert found["iqm"] == pytest.approx(stats.trim_mean(known, 0.25))
    assert found["low"] <= found["iqm"] <= found["high"]
    assert found["mean_low"] <= found["mean"] <= found["mean_high"]
    assert "note" not in found
    assert "note" in describe([1.0])


def test_summarise_keeps_the_order_and_counts_what_is_missing():
    frame = pd.DataFrame(
        {"m": ["b", "b", "a", "a", "a"], "x": [1.0, 3.0, 5.0, np.nan, 7.0], "s": range(5)}
    )
    table = summarise(frame, "m", "x")
    assert table["m"].tolist() == ["b", "a"]
    assert table["n"].tolist() == [2, 2]
    assert table["missing"].tolist() == [0, 1]
    assert table["mean"].tolist() == [2.0, 6.0]
    assert table["low"].isna().all()  # two are too few
    with pytest.raises(InvalidArgumentError, match="no column y"):
        summarise(frame, "m", "y")
