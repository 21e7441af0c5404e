"""The harm of methods on hostile targets: what it is behind, over what, and how sure."""

import numpy as np
import pandas as pd
import pytest

from rlnas.reporting.matrix.harm import ALL_KINDS, harm
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.statistics.random_line import random_line

TARGETS = ("negated-a", "negated-b", "draw-0")
LINES = {target: random_line(np.arange(1000), 9) for target in TARGETS}
BASE = LINES["draw-0"].log_rank


def rows(seeds=8, spread=0.0, **shifts):
    """Searches that end at random's line and a shift in log10 rank, by method and kind."""
    rng = np.random.default_rng(0)
    found = [
        (
            "-" if method == "local" else "others",
            target,
            method,
            seed,
            10 ** (BASE + shift[target.split("-")[0]] + spread * rng.normal()),
        )
        for method, shift in shifts.items()
        for target in TARGETS
        for seed in range(seeds)
    ]
    return pd.DataFrame(found, columns=["source", "target", "method", "seed", "rank"])


TRUST = {"negated": 0.6, "draw": -0.3}
LOCAL = {"negated": -0.2, "draw": -0.2}


def test_it_is_the_mean_over_targets_behind_both():
    found = harm(rows(trust=TRUST, local=LOCAL), LINES).set_index(["method", "hostile"])
    assert found.loc[("trust", "negated"), "behind_random"] == pytest.approx(0.6)
    assert found.loc[("trust", "draw"), "behind_random"] == pytest.approx(-0.3)
    assert found.loc[("trust", ALL_KINDS), "behind_random"] == pytest.approx(0.3)
    assert found.loc[("trust", ALL_KINDS), "behind_local"] == pytest.approx(0.5)
    assert found.loc[("trust", ALL_KINDS), ["targets", "searches"]].tolist() == [3, 24]
    assert np.isnan(found.loc[("local", ALL_KINDS), "behind_local"])
    assert found.loc[("local", ALL_KINDS), "behind_random"] == pytest.approx(-0.2)


def test_without_local_search_there_is_nothing_behind_it():
    found = harm(rows(trust=TRUST), LINES)
    assert found["behind_local"].isna().all()
    assert found["behind_random"].notna().all()


def test_the_interval_is_over_targets_and_searches():
    same = {"negated": 0.0, "draw": 0.0}

    def width(seeds, spread, shift):
        over = harm(rows(seeds, spread, trust=shift), LINES).iloc[-1]
        return over["behind_random_high"] - over["behind_random_low"]

    assert np.isnan(width(8, 0.0, same))  # that all are equal does not say that others would be
    assert 0.0 < width(100, 0.2, same) < width(4, 0.2, same)
    assert width(100, 0.0, TRUST) > 0.5  # targets differ, whatever the searches


def test_a_matrix_has_it_where_its_targets_are_hostile():
    class Hostile(MatrixNumbers):
        random_lines = LINES

    found = rows(trust=TRUST)
    assert Hostile(found, title="hostile-x").harm() is not None
    assert Hostile(found, title="x").harm() is None
    assert MatrixNumbers(found, title="hostile-x").harm() is None
