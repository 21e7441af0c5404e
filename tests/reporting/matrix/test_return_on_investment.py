import json

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.return_on_investment import (
    break_even,
    investment_summary,
    return_on_investment,
)
from rlnas.reporting.matrix.search_curves import SearchCurves
from rlnas.statistics.bootstrap import Bootstrap


def matrix(cells, cost=None):
    """Return rows and curves of {(source, target, method): [values of seed 0, …]}."""
    curves = pd.concat(
        [
            pd.DataFrame(
                {"source": source, "target": target, "method": method, "seed": seed}
                | {"query": np.arange(1, len(values) + 1), "value": np.asarray(values, float)}
            )
            for (source, target, method), seeds in cells.items()
            for seed, values in enumerate(seeds)
        ],
        ignore_index=True,
    )
    rows = curves.groupby(["source", "target", "method", "seed"], sort=False).tail(1)
    rows = rows.rename(columns={"query": "queries"}).reset_index(drop=True)
    cost = cost or {}
    return rows.assign(cost=rows["method"].map(cost).fillna(0.0) * rows["queries"]), curves


def reaching(at, queries=10, value=1.0):
    """A course that has 0 until it reaches the value at a query, or never."""
    return [value if at and query >= at else 0.0 for query in range(1, queries + 1)]


def returns(cells, investment=None, cost=None, horizon=None, **options):
    rows, curves = matrix(cells, cost)
    courses = SearchCurves.from_frame(curves, value="value", horizon=horizon)
    table = return_on_investment(courses, rows, investment or Investment(), **options)
    return table.set_index(["against", "quality"])


def summaries(rows, curves, investment, **options):
    courses = SearchCurves.from_frame(curves, value="value")
    return investment_summary(courses, rows, investment, **options)


SCRATCH, METHOD = ("-", "t", "scratch"), ("s", "t", "m")
CELLS = {
    SCRATCH: [reaching(8), reaching(8), reaching(10), reaching(10)],
    METHOD: [reaching(2), reaching(2), reaching(4), reaching(4)],
    ("-", "t", "random"): [reaching(None)] * 4,
    ("-", "t", "local"): [reaching(6)] * 4,
}


def test_savings_by_hand():
    investment = Investment(
        cost_per_query_seconds=60, source_queries=100, pretraining_seconds=30, gpus=2
    )
    row = returns(CELLS, investment).loc[("scratch", "baseline")]
    assert (row["queries"], row["queries_baseline"], row["queries_saved"]) == (3, 9, 6)
    assert row["bound"] == "exact"
    assert (row["seconds_saved"], row["gpu_hours_saved"]) == (360, 0.2)
    assert (row["invested_queries"], row["invested_seconds"]) == (100, 100 * 60 + 30)
    assert row["break_even_queries"] == 17  # 100 / 6 = 16.7
    assert row["break_even_seconds"] == 17  # 6030 / 360 = 16.75
    assert row["queries_saved_low"] <= 6 <= row["queries_saved_high"]
    assert row["break_even_queries_low"] <= 17 <= row["break_even_queries_high"]
    assert row["break_even_queries_low"] == np.ceil(100 / row["queries_saved_high"])


def test_the_best_searcher_of_the_target_is_the_second_baseline():
    table = returns(CELLS)
    assert table.loc[("best-searcher", "baseline"), "baseline"] == "local"
    assert table.loc[("best-searcher", "baseline"), "queries_saved"] == 3
    assert set(returns(CELLS, searchers=("random",))["baseline"]) == {"scratch", "random"}
    assert set(returns(CELLS, searchers=())["baseline"]) == {"scratch"}


def test_what_the_baseline_never_reaches_is_a_lower_bound():
    cells = {SCRATCH: [reaching(4, value=0.5)] * 3, METHOD: [reaching(2)] * 3}
    table = returns(cells)
    method, baseline = table.loc[("scratch", "method")], table.loc[("scratch", "baseline")]
    assert (method["queries_baseline"], method["queries_saved"]) == (10, 8)
    assert (method["bound"], method["reached_baseline"]) == ("lower", 0)
    assert (baseline["queries_saved"], baseline["bound"]) == (2, "exact")


def test_longer_baselines_show_their_full_need():
    cells = {SCRATCH: [reaching(70, queries=100)] * 2, METHOD: [reaching(5), reaching(None)]}
    short = returns(cells, horizon=10).loc[("scratch", "method")]
    long = returns(cells).loc[("scratch", "method")]
    # The method has reached half on average. The seed that failed counts as the whole horizon.
    assert (long["queries_baseline"], long["queries"]) == (70, (5 + 100) / 2)
    assert (short["queries_baseline"], short["queries"]) == (10, (5 + 10) / 2)


def test_a_method_like_its_baseline_saves_nothing():
    rng = np.random.default_rng(0)
    saved = {"baseline": [], "method": []}
    for _ in range(60):
        draw = np.maximum.accumulate(rng.normal(size=(2, 10, 20)), axis=-1)
        table = returns({SCRATCH: draw[0], METHOD: draw[1]})
        for quality, values in saved.items():
            values.append(table.loc[("scratch", quality), "queries_saved"])
    for values in saved.values():
        assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_costs_come_from_the_searches_own_where_no_number_is_given():
    # The method asks for networks that take twice as long: fewer queries, no time saved.
    cells = {SCRATCH: [reaching(6)] * 2, METHOD: [reaching(4)] * 2, ("-", "s", "scratch"): [[1.0]]}
    row = returns(cells, Investment(source_queries=10), {"m": 20.0, "scratch": 10.0})
    row = row.loc[("scratch", "baseline")]
    assert (row["queries_saved"], row["seconds_saved"]) == (2, 6 * 10 - 4 * 20)
    assert row["invested_seconds"] == 10 * 10  # as scratch has met the source
    assert row["break_even_queries"] == 5
    assert np.isinf(row["break_even_seconds"])


def test_without_times_there_are_queries_and_no_seconds():
    row = returns(CELLS, Investment(source_queries=10)).loc[("scratch", "baseline")]
    assert row["queries_saved"] == 6
    unknown = ["seconds_saved", "gpu_hours_saved", "invested_seconds", "break_even_seconds"]
    assert row[unknown].isna().all()
    assert row["break_even_queries"] == 2


def test_sources_that_have_seen_the_target_and_methods_without_one_are_left_out():
    cells = CELLS | {("t", "t", "m"): [reaching(1)], ("all", "t", "m"): [reaching(1)]}
    assert set(returns(cells)["source"]) == {"s"}


def test_break_even_is_never_where_nothing_is_saved():
    saved = np.array([10.0, 3.0, 0.0, -5.0, np.nan])
    assert break_even(30, saved)[:2].tolist() == [3, 10]
    assert np.isinf(break_even(30, saved)[2:4]).all()
    assert np.isnan(break_even(30, saved)[4])
    assert break_even(0, saved)[:4].tolist() == [0, 0, 0, 0]


def two_targets(second):
    """Scratch needs 8 or 10 queries on both targets; the method 2 or 4 on the first."""
    return {
        ("-", "a", "scratch"): CELLS[SCRATCH],
        ("-", "b", "scratch"): CELLS[SCRATCH],
        ("b", "a", "m"): CELLS[METHOD],
        ("a", "b", "m"): second,
    }


def test_summary_is_the_mean_over_pairs_and_json_able():
    rows, curves = matrix(two_targets([reaching(9)] * 4))
    investment = Investment(cost_per_query_seconds=60, source_queries=12)
    these = Bootstrap(resample_tasks=False)
    first = summaries(rows, curves, investment, bootstrap=these)[0]
    assert (first["method"], first["against"], first["quality"]) == ("m", "scratch", "baseline")
    assert (first["pairs"], first["targets"], first["positive"]) == (2, 2, 0.5)
    assert first["queries_saved"] == 3
    assert first["queries_saved_low"] < 3 < first["queries_saved_high"]
    assert (first["break_even_queries"], first["break_even_seconds"]) == (4, 4)
    assert first["invested_gpu_hours"] == pytest.approx(0.2)
    assert 0.99 < first["pays_queries"] < 1
    json.dumps(first)
    wide = summaries(rows, curves, investment)[0]
    assert wide["queries_saved"] == 3
    assert np.isnan(wide["queries_saved_low"])  # two targets are too few


def test_pretraining_that_does_harm_never_pays():
    rows, curves = matrix(two_targets([reaching(None)] * 4))
    rows, curves = (frame[frame["target"] == "b"] for frame in (rows, curves))
    first = summaries(rows, curves, Investment(source_queries=12))[0]
    assert first["queries_saved"] < 0
    assert np.isinf(first["break_even_queries"])
    assert first["pays_queries"] < 0.1


def test_one_seed_has_no_interval():
    cells = {SCRATCH: [reaching(8)], METHOD: [reaching(2)]}
    row = returns(cells, Investment(source_queries=10)).loc[("scratch", "baseline")]
    assert row["queries_saved"] == 6
    assert row[["queries_saved_low", "break_even_queries_high"]].isna().all()
    rows, curves = matrix(cells)
    assert np.isnan(summaries(rows, curves, Investment())[0]["pays_queries"])


def test_wrong_numbers_are_refused():
    with pytest.raises(InvalidArgumentError, match="source_queries is -1"):
        Investment(source_queries={"a": -1})
    with pytest.raises(InvalidArgumentError, match="gpus is 0"):
        Investment(gpus=0)
    with pytest.raises(InvalidArgumentError, match="no number for 't'"):
        returns(CELLS, Investment(cost_per_query_seconds={"u": 1.0}))
    with pytest.raises(InvalidArgumentError, match="scratch"):
        returns({METHOD: CELLS[METHOD]})
