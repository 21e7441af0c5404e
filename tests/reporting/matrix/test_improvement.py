"""Every cell against scratch on its target."""

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.improvement import improvement_over_scratch
from rlnas.reporting.terminal.matrix import sign_of
from rlnas.statistics.multiple import holm


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


def test_sure_is_what_stays_so_over_the_pairs_of_a_method_and_kind_of_source(rows):
    rng = np.random.default_rng(0)
    rows["rank"] = 10 ** rng.normal(2, 0.3, len(rows))
    one = (rows["method"] == "zero-shot") & (rows["source"] == "beta")
    one &= rows["target"] == "alpha_one"
    rows.loc[one, "rank"] /= 10
    gains = improvement_over_scratch(rows)
    assert ((gains["p"] < 0.05) == gains["excludes_zero"]).all()
    assert (gains["p_holm"] >= gains["p"]).all()
    own = gains["source"] == gains["target"]
    for _, family in gains.groupby(["method", own]):
        assert family["p_holm"].to_numpy() == pytest.approx(holm(family["p"]))
        assert (family["sure"] == (family["p_holm"] <= 0.05)).all()


def test_controllers_are_what_varies_where_there_are_several(rows):
    rows["rank"] = 10 ** np.random.default_rng(0).normal(2, 0.05, len(rows))
    several = rows.assign(controller=rows["seed"] // 2, seed=rows["seed"] % 2)
    more = [several, several.assign(controller=several["controller"] + 2, rank=several["rank"] * 9)]
    scratch = several["method"] == "scratch"
    several = pd.concat([rows[scratch].assign(controller=0), *(each[~scratch] for each in more)])
    wide = improvement_over_scratch(several)
    narrow = improvement_over_scratch(several.assign(controller=0, seed=range(len(several))))
    widths = [table["high"] - table["low"] for table in (wide, narrow)]
    assert (widths[0] > 1.5 * widths[1]).all()
