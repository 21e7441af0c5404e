"""The summary and the table of searches."""

import json

import numpy as np
import pytest

from rlnas.reporting.terminal.search import search_summary, search_tables


def test_summary_of_searches(search_run):
    run = search_run()
    rows = run.rows()
    (entry,) = search_summary(rows)
    a = rows[rows["target"] == "a"]
    assert list(entry["mean_over_tasks"]["rank_at"]) == [10, 20, 25]
    assert entry["tasks"]["a"]["rank_at"][25]["mean"] == pytest.approx(a["rank"].mean())
    assert entry["tasks"]["a"]["rank_at"][10]["mean"] == pytest.approx(a["rank_at_10"].mean())
    assert entry["mean_over_tasks"]["rank_at"][25]["mean"] == pytest.approx(rows["rank"].mean())
    best = a.loc[a["best_score"].idxmax(), "best_architecture"]
    assert entry["tasks"]["a"]["best_architecture"] == best
    json.dumps(entry)
    assert len(search_tables([entry])) == 1
    assert search_tables([entry])[0].row_count == 3  # two tasks and their mean


def test_failed_searches_have_no_score_and_the_worst_rank(search_run):
    run = search_run(tasks=("a",))
    rows = run.rows()
    rows["best_score"], rows["best_architecture"] = np.nan, None
    (entry,) = search_summary(rows)
    assert entry["tasks"]["a"]["best_architecture"] is None
    assert entry["tasks"]["a"]["best_score"]["n"] == 0
