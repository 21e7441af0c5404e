"""Statistics of what searches found."""

import json

import numpy as np
import pytest

from rlnas.reporting.search.numbers import SearchNumbers, search_summary


def test_summary_of_searches(search_rows):
    (entry,) = search_summary(search_rows)
    first = search_rows[search_rows["target"] == "a"]
    assert list(entry["mean_over_tasks"]["rank_at"]) == [10, 20, 25]
    assert entry["tasks"]["a"]["rank_at"][25]["mean"] == pytest.approx(first["rank"].mean())
    assert entry["tasks"]["a"]["rank_at"][10]["mean"] == pytest.approx(first["rank_at_10"].mean())
    over = entry["mean_over_tasks"]["rank_at"][25]
    assert over["mean"] == pytest.approx(search_rows["rank"].mean())
    best = first.loc[first["best_score"].idxmax(), "best_architecture"]
    assert entry["tasks"]["a"]["best_architecture"] == best
    json.dumps(entry)


def test_failed_searches_have_no_score(search_rows):
    search_rows["best_score"], search_rows["best_architecture"] = np.nan, None
    (entry, *_) = search_summary(search_rows)
    assert entry["tasks"]["a"]["best_architecture"] is None
    assert entry["tasks"]["a"]["best_score"]["n"] == 0


def test_numbers_are_computed_once_and_metrics_when_they_are_asked_for(search_rows):
    asked = []
    numbers = SearchNumbers(search_rows, search_rows, lambda: asked.append(1) or {})
    assert numbers.summary() is numbers.summary()
    assert not asked
    assert numbers.metrics is numbers.metrics
    assert asked == [1]
