import json

import numpy as np
import pytest
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.improvement import comparable, improvement_over_scratch
from rlnas.reporting.matrix.summary import matrix_summary
from rlnas.reporting.terminal.matrix import matrix_tables

TASKS = ("alpha_one", "alpha_two", "beta")


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


def test_summary_counts_cells_and_finds_the_best_sources(rows):
    cell = (rows["method"] == "weight-init") & (rows["source"] == "beta")
    rows.loc[cell & (rows["target"] == "alpha_one"), "rank"] = 7.0
    summary = matrix_summary(rows)
    zero, init = summary["methods"]["zero-shot"], summary["methods"]["weight-init"]
    assert zero["against_scratch"]["cells"] == 9
    assert zero["against_scratch"]["wins"] == 9
    assert zero["against_scratch"]["wins_off_diagonal"] == 6
    assert init["against_scratch"]["wins_off_diagonal"] == 1
    assert init["against_scratch"]["surely_worse"] == 5
    assert init["best_source_off_diagonal"]["sources"]["alpha_one"] == "beta"
    assert init["best_source"]["mean"] == 1.0  # the diagonal, by construction
    expected = rows[(rows["method"] == "zero-shot") & (rows["source"] != rows["target"])]
    assert zero["off_diagonal"]["mean"] == pytest.approx(expected["rank"].mean())
    assert zero["off_diagonal"]["n"] == 4
    assert summary["targets"] == list(TASKS)
    json.dumps(summary)


def test_without_scratch_there_is_a_summary_but_no_comparison(rows):
    rows = rows[rows["method"] != "scratch"]
    assert matrix_summary(rows)["scratch"] is None
    with pytest.raises(InvalidArgumentError, match="scratch"):
        improvement_over_scratch(rows)


def test_missing_columns_and_failed_cells(rows):
    with pytest.raises(InvalidArgumentError, match="best_score"):
        improvement_over_scratch(rows.drop(columns="best_score"))
    rows.loc[0, "best_score"] = np.nan
    rows.loc[rows["seed"] == 0, "rank"] = np.nan
    gains = improvement_over_scratch(rows)
    assert (gains["n"] == 3).all()


def test_table_and_summary_of_the_same_rows_are_compared_once(rows, monkeypatch):
    calls, bootstrap = [], stats.bootstrap

    def counted(data, *args, **kwargs):
        calls.append(len(data[0]))
        return bootstrap(data, *args, **kwargs)

    monkeypatch.setattr(stats, "bootstrap", counted)
    rows["rank"] += 0.125  # rows that no other test has
    first = improvement_over_scratch(rows)
    # Two calls: of ranks and of scores, each for all cells whose seeds differ.
    assert calls == [18, 18]
    matrix_tables(rows)
    matrix_summary(rows.copy())
    assert [n for n in calls if n > 1] == [18, 18]
    first["wins"] = None  # a caller's own frame
    assert improvement_over_scratch(rows)["wins"].notna().all()
    rows.loc[0, "rank"] += 1
    improvement_over_scratch(rows)
    assert [n for n in calls if n > 1] == [18, 18, 18, 18]


def test_pools_searchers_and_single_sources_are_summarised_apart(several):
    rows, _ = several
    summary = matrix_summary(rows)
    json.dumps(summary)
    reuse, joint = summary["methods"]["policy-reuse"], summary["methods"]["joint"]
    of = {"single": 30.0, "others": 8.0, "all": 2.0}
    spread = np.mean([1, 1.05, 1.1, 1.15])
    assert reuse["off_diagonal"]["mean"] == pytest.approx(of["single"] * spread)
    assert reuse["others"]["mean"] == pytest.approx(of["others"] * spread)
    assert reuse["best_source_off_diagonal"]["sources"].keys() == {*TASKS}
    assert "others" not in reuse["best_source"]["sources"].values()
    assert reuse["against_scratch"]["cells"] == 9
    assert reuse["against_scratch"]["cells_off_diagonal"] == 6
    assert reuse["against_scratch"]["wins_others"] == 3
    assert joint["all"] is None
    assert joint["off_diagonal"] is None
    assert joint["all_tasks"]["mean"] == pytest.approx(of["all"] * spread, abs=0.1)
    assert joint["against_scratch"]["cells"] == 0
    random = summary["methods"]["random"]
    assert random["no_source"]["n"] == 4
    assert random["against_scratch"]["cells_no_source"] == 3
    assert random["off_diagonal"] is None
    entries = {(e["method"], e["sources"]): e for e in summary["entrants"]}
    assert entries["scratch", "none"]["against_scratch"] is None
    assert entries["joint", "all"]["against_scratch"]["wins"] == 3


def test_a_target_that_scratch_has_not_searched_yet_is_not_compared(several):
    rows, _ = several
    rows = rows[~((rows["method"] == "scratch") & (rows["target"] == "beta"))]
    summary = matrix_summary(rows)
    assert summary["methods"]["weight-init"]["against_scratch"]["cells_off_diagonal"] == 4
    assert len(comparable(rows)) < len(rows)
    assert "beta" not in set(comparable(rows)["target"])
