import numpy as np
import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.reporting.matrix.measured_sources import gain_table
from rlnas.reporting.matrix.selection import selection_summary
from rlnas.statistics.bootstrap import Bootstrap

TASKS = ("a", "b", "c", "d")


@pytest.fixture
def summary(make_rows, make_estimates):
    def make(similarity, rows=None, **options):
        rows = make_rows() if rows is None else rows
        table = selection_summary(make_estimates(similarity), rows, **options)
        return table.set_index("estimator")

    return make


def test_a_perfect_and_a_reversed_estimate(summary, perfect, worst):
    good, bad = (summary(each).loc["e"] for each in (perfect, worst))
    assert (good["spearman"], good["spearman_within"]) == (pytest.approx(1), pytest.approx(1))
    assert (good["regret"], good["top1"], good["top2"]) == (0, 1, 1)
    assert (good["mean_rank"], good["regret_cross_fitted"]) == ((10 + 10 + 100 + 10) / 4, 0)
    assert (bad["spearman"], bad["spearman_within"]) == (pytest.approx(-1), pytest.approx(-1))
    assert (bad["top1"], bad["top2"]) == (0, 0)
    assert bad["regret"] == (990 + 30 + 300 + 990) / 4
    assert (good["seeds"], good["targets"], good["pairs"], good["queries"]) == (3, 4, 12, 10)


def test_random_choice_is_the_exact_expectation(summary, perfect, ranks):
    table = summary(perfect)
    row = table.loc["random"]
    means = [np.mean(list(by_source.values())) for by_source in ranks.values()]
    assert row["mean_rank"] == pytest.approx(np.mean(means))
    assert row["regret"] == pytest.approx(np.mean(means) - 32.5)
    assert (row["top1"], row["top2"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    # An estimate that says nothing, or the same of all, chooses as chance does.
    for nothing in (lambda *_: np.nan, lambda *_: 7.0):
        silent = summary(nothing).loc["e"]
        assert silent["regret"] == pytest.approx(row["regret"])
        assert silent["top1"] == pytest.approx(1 / 3)
        assert np.isnan(silent["spearman"])
    assert summary(lambda *_: np.nan).loc["e", "abstained"] == 1
    assert summary(lambda *_: 7.0).loc["e", "abstained"] == 0


def test_similarities_on_scales_of_their_own_within_each_target(summary, perfect):
    # Within each target the order is right; between targets the scales differ.
    shift = {"a": -1000, "b": 1000, "c": 5000, "d": -3000}
    row = summary(lambda t, s, k: shift[t] + perfect(t, s, k)).loc["e"]
    assert row["spearman_within"] == pytest.approx(1)
    assert row["spearman"] < 0.7
    assert row["top1"] == 1


def test_the_oracle_of_the_same_seeds_is_optimistic_and_the_cross_fitted_is_not(
    summary, make_rows, perfect
):
    few = Bootstrap(resamples=2)  # no interval is looked at
    # All sources are equal, so no choice can be better than chance: what seems so is noise.
    ranks = {t: {s: 100 for s in TASKS if s != t} for t in TASKS}
    optimistic, fitted, agreement = [], [], []
    for seed in range(25):
        rows = make_rows(ranks, seeds=6, noise=1.0, seed=seed)
        table = summary(lambda *_: 0.0, rows, bootstrap=few)
        optimistic.append(table.loc["random", "regret"])
        fitted.append(table.loc["random", "regret_cross_fitted"])
        agreement.append(table.loc["oracle-cross-fitted", "spearman_within"])
    assert np.mean(optimistic) > 10 * np.std(optimistic) / 5
    assert abs(np.mean(fitted)) < 3 * np.std(fitted) / 5
    assert abs(np.mean(agreement)) < 3 * np.std(agreement) / 5
    clear = summary(perfect).loc["oracle-cross-fitted"]
    assert (clear["spearman"], clear["top1"], clear["mean_rank"]) == (pytest.approx(1), 1, 32.5)


def test_intervals_come_from_the_seeds_of_estimates_and_of_searches(
    summary, make_rows, perfect, worst
):
    rng = np.random.default_rng(0)
    noise = {(t, s, k): rng.normal() for t in TASKS for s in TASKS for k in range(3)}

    def noisy(target, source, seed):
        return perfect(target, source, seed) + 3 * noise[target, source, seed]

    by_estimates = summary(noisy).loc["e"]
    assert by_estimates["top1_low"] < by_estimates["top1_high"]
    assert by_estimates["spearman_low"] <= by_estimates["spearman"] <= by_estimates["spearman_high"]
    by_searches = summary(perfect, make_rows(noise=1.0)).loc["e"]
    assert by_searches["spearman_low"] < by_searches["spearman_high"]
    assert by_searches["mean_rank_low"] < by_searches["mean_rank_high"]
    assert np.isnan(by_searches["top1_low"])  # always the same choice
    by_tasks = summary(worst, bootstrap=Bootstrap()).loc["e"]
    assert by_tasks["regret_low"] < by_tasks["regret"] < by_tasks["regret_high"]


def test_one_seed_of_everything_has_no_interval_and_no_cross_fitting(
    make_rows, make_estimates, perfect
):
    table = selection_summary(make_estimates(perfect, seeds=1), make_rows(seeds=1))
    row = table.set_index("estimator").loc["e"]
    assert row["regret"] == 0
    ends = [f"{name}_{end}" for name in ("spearman", "regret", "top1") for end in ("low", "high")]
    assert row[ends].isna().all()
    assert np.isnan(row["regret_cross_fitted"])


def test_missing_estimates_and_sources_that_were_not_measured(summary, make_rows, perfect):
    rows = make_rows()
    rows = rows[~((rows["target"] == "a") & (rows["source"] == "b"))]  # the best one, not measured

    def gappy(target, source, seed):
        return np.nan if (target, source) == ("d", "a") else perfect(target, source, seed)

    row = summary(gappy, rows).loc["e"]
    assert (row["pairs"], row["missing"]) == (11, pytest.approx(1 / 11))
    # On a the best that was measured is c; on d the best was not estimated, so b is chosen.
    assert row["regret"] == (100 - 10) / 4
    assert (row["top1"], row["top2"]) == (3 / 4, 1)


def test_wrong_input_is_refused(make_rows, make_estimates, perfect):
    rows, estimates = make_rows(), make_estimates(perfect)
    with pytest.raises(UnknownNameError, match="zero-shot"):
        gain_table(rows, "zero-shto")
    with pytest.raises(InvalidArgumentError, match="No scratch search on a, b, c, d"):
        gain_table(rows[rows["method"] != "scratch"])
    with pytest.raises(InvalidArgumentError, match="lack the column rank"):
        gain_table(rows.drop(columns="rank"))
    with pytest.raises(InvalidArgumentError, match="lack the column similarity"):
        selection_summary(estimates.drop(columns="similarity"), rows)
    with pytest.raises(InvalidArgumentError, match="two similarities"):
        selection_summary(pd.concat([estimates, estimates]), rows)
    with pytest.raises(InvalidArgumentError, match="none of the measured pairs"):
        selection_summary(estimates[estimates["target"] == "a"].assign(target="x"), rows)
    with pytest.raises(InvalidArgumentError, match="another single task"):
        gain_table(rows[(rows["source"] == rows["target"]) | (rows["method"] == "scratch")])
