"""P-values of many comparisons at once."""

import numpy as np
import pytest

from rlnas.statistics.multiple import holm


def test_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.5]).tolist() == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.9, 0.8]).tolist() == [1.0, 1.0]
    assert holm([]).tolist() == []


def test_an_unknown_one_counts_in_the_family_and_is_never_sure():
    found = holm([0.02, np.nan, 0.5])
    assert found[0] == pytest.approx(0.06)
    assert np.isnan(found[1])


def test_no_false_call_in_more_than_one_family_of_twenty():
    rng = np.random.default_rng(0)
    families = rng.random((2000, 42))
    calls = np.mean([(holm(p) <= 0.05).any() for p in families])
    assert 0.035 <= calls <= 0.065
    assert np.mean((families <= 0.05).any(axis=1)) > 0.8  # without correction
