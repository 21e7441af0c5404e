"""Every cell against scratch on its target."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.improvement import improvement_over_scratch
from rlnas.reporting.terminal.matrix import sign_of


def test_each_cell_is_compared_with_scratch_on_its_own_target(rows):
    # Scratch is far better on one target: only there must zero-shot lose.
    easy = (rows["method"] == "scratch") & (rows["target"] == "beta")
    rows.loc[easy, ["rank", "best_score"]] = [[2.0, -2.0], [2.0, -2.0], [3.0, -3.0], [2.0, -2.0]]
    gains = improvement_over_scratch(rows)
    assert len(gains) == 2 * 9
    zero = gains[(gains["method"] == "zero-shot") & (gains["source"] != gains["target"])]
    lost = zero["target"] == "beta"
    assert zero.loc[~lost, "wins"].all()
    assert not zero.loc[lost, "wins"].any()
    assert (zero.loc[~lost, "log10_rank_difference"] < -0.9).all()
    assert (zero.loc[lost, "log10_rank_difference"] > 0.5).all()
    assert zero["excludes_zero"].all()
    assert (zero.loc[~lost, "probability_of_improvement"] == 1).all()
    assert (zero.loc[lost, "probability_of_improvement"] == 0).all()
    assert (zero.loc[~lost, "score_difference"] > 0).all()


def test_a_win_needs_both_the_mean_and_the_interquartile_mean(rows):
    cell = (rows["method"] == "zero-shot") & (rows["source"] == "beta")
    cell &= rows["target"] == "alpha_one"
    rows.loc[cell, "rank"] = [1.0, 1.0, 1.0, 4096.0]  # lower IQM than scratch's ≈ 107, higher mean
    gain = improvement_over_scratch(rows).set_index(["method", "source", "target"])
    gain = gain.loc[("zero-shot", "beta", "alpha_one")]
    assert gain["wins_iqm"]
    assert not gain["wins_mean"]
    assert not gain["wins"]


def test_equal_ranks_are_no_win(rows):
    rows["rank"] = 1.0
    gains = improvement_over_scratch(rows)
    assert not gains["wins"].any()
    assert not gains["excludes_zero"].any()


def test_missing_columns_and_failed_cells(rows):
    with pytest.raises(InvalidArgumentError, match="best_score"):
        improvement_over_scratch(rows.drop(columns="best_score"))
    rows.loc[0, "best_score"] = np.nan
    rows.loc[rows["seed"] == 0, "rank"] = np.nan
    gains = improvement_over_scratch(rows)
    assert (gains["n"] == 3).all()


def test_signs(rows):
    gains = improvement_over_scratch(rows)
    assert set(gains[gains["method"] == "zero-shot"].apply(sign_of, axis=1)) == {"++"}
    rows["rank"] = 5.0
    assert set(improvement_over_scratch(rows).apply(sign_of, axis=1)) == {"="}
