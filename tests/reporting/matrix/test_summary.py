import json

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.improvement import comparable, improvement_over_scratch
from rlnas.reporting.matrix.summary import matrix_summary

TASKS = ("alpha_one", "alpha_two", "beta")


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
