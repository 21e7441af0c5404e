import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.reporting.matrix.measured_sources import (
    MeasuredSources,
    gain_table,
    places_of,
)
from rlnas.reporting.matrix.oracle import cross_fitted_oracle
from rlnas.reporting.matrix.selection import selection_summary, source_choices
from rlnas.reporting.matrix.source_estimates import best_on_average
from rlnas.statistics.correlation import spearman

TASKS = ("a", "b", "c", "d")
# Ranks by target and source: each target has a clear order of its sources.
RANKS = {
    "a": {"b": 10, "c": 100, "d": 1000},
    "b": {"a": 10, "c": 20, "d": 40},
    "c": {"a": 400, "b": 200, "d": 100},
    "d": {"a": 10, "b": 100, "c": 1000},
}


def make_rows(ranks=RANKS, seeds=4, scratch=100.0, noise=0.0, method="zero-shot", seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for target, by_source in ranks.items():
        for number in range(seeds):
            found.append(("-", target, "scratch", number, scratch))
            found.append((target, target, method, number, 1.0))
            found.append(("others", target, method, number, 1.0))
            for source, rank in by_source.items():
                spread = np.exp(noise * rng.normal())
                found.append((source, target, method, number, max(1.0, rank * spread)))
    return pd.DataFrame(found, columns=["source", "target", "method", "seed", "rank"])


def make_estimates(similarity, seeds=3, estimator="e", queries=10):
    """One row a pair and seed of ``similarity(target, source, seed)``."""
    return pd.DataFrame(
        [
            (estimator, t, s, seed, similarity(t, s, seed), queries)
            for t in TASKS
            for s in TASKS
            if s != t
            for seed in range(seeds)
        ],
        columns=["estimator", "target", "source", "seed", "similarity", "queries"],
    )


def summary(similarity, rows=None, **options):
    rows = make_rows() if rows is None else rows
    return selection_summary(make_estimates(similarity), rows, **options).set_index("estimator")


def perfect(target, source, seed):
    return -np.log(RANKS[target][source])


def worst(target, source, seed):
    return np.log(RANKS[target][source])


def test_gains_by_hand():
    table = gain_table(make_rows()).set_index(["source", "target"])
    assert len(table) == 12  # neither the diagonal nor pools
    row = table.loc[("d", "a")]
    assert (row["gain"], row["mean_rank"], row["place"], row["n"]) == (-1, 1000, 3, 4)
    assert table.loc[("b", "a"), "gain"] == 1
    assert table.loc[("b", "a"), "place"] == 1


def test_equal_sources_share_a_place():
    assert places_of(np.array([[5.0, 2.0, 5.0, np.nan, 9.0]]))[0, [0, 1, 2, 4]].tolist() == [
        2,
        1,
        2,
        4,
    ]


def test_a_perfect_and_a_reversed_estimate():
    good, bad = (summary(each).loc["e"] for each in (perfect, worst))
    assert (good["spearman"], good["spearman_within"]) == (pytest.approx(1), pytest.approx(1))
    assert (good["regret"], good["top1"], good["top2"]) == (0, 1, 1)
    assert (good["mean_rank"], good["regret_cross_fitted"]) == ((10 + 10 + 100 + 10) / 4, 0)
    assert (bad["spearman"], bad["spearman_within"]) == (pytest.approx(-1), pytest.approx(-1))
    assert (bad["top1"], bad["top2"]) == (0, 0)
    assert bad["regret"] == (990 + 30 + 300 + 990) / 4
    assert (good["seeds"], good["targets"], good["pairs"], good["queries"]) == (3, 4, 12, 10)


def test_random_choice_is_the_exact_expectation():
    table = summary(perfect)
    row = table.loc["random"]
    means = [np.mean(list(by_source.values())) for by_source in RANKS.values()]
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


def test_the_best_source_on_average_has_not_seen_its_target():
    rows = make_rows()
    average = best_on_average(MeasuredSources.from_rows(rows, "zero-shot"))
    truth = MeasuredSources.from_rows(rows, "zero-shot")
    t, s = truth.targets.index("a"), truth.sources.index("b")
    # b's gains on the targets other than a: 0 on d, log10(1/2) on c.
    assert average[t, s] == pytest.approx((np.log10(0.5) + 0) / 2)
    rows.loc[(rows["target"] == "a") & (rows["source"] == "b"), "rank"] = 4000.0
    changed = best_on_average(MeasuredSources.from_rows(rows, "zero-shot"))
    assert changed[t, s] == average[t, s]
    assert changed[truth.targets.index("c"), s] < average[truth.targets.index("c"), s]


def test_similarities_on_scales_of_their_own_within_each_target():
    # Within each target the order is right; between targets the scales differ.
    shift = {"a": -1000, "b": 1000, "c": 5000, "d": -3000}
    row = summary(lambda t, s, k: shift[t] + perfect(t, s, k)).loc["e"]
    assert row["spearman_within"] == pytest.approx(1)
    assert row["spearman"] < 0.7
    assert row["top1"] == 1


def test_the_oracle_of_the_same_seeds_is_optimistic_and_the_cross_fitted_is_not():
    # All sources are equal, so no choice can be better than chance: what seems so is noise.
    ranks = {t: {s: 100 for s in TASKS if s != t} for t in TASKS}
    optimistic, fitted, agreement = [], [], []
    for seed in range(25):
        rows = make_rows(ranks, seeds=6, noise=1.0, seed=seed)
        table = summary(lambda *_: 0.0, rows, resamples=2)
        optimistic.append(table.loc["random", "regret"])
        fitted.append(table.loc["random", "regret_cross_fitted"])
        agreement.append(table.loc["oracle-cross-fitted", "spearman_within"])
    assert np.mean(optimistic) > 10 * np.std(optimistic) / 5
    assert abs(np.mean(fitted)) < 3 * np.std(fitted) / 5
    assert abs(np.mean(agreement)) < 3 * np.std(agreement) / 5
    clear = summary(perfect).loc["oracle-cross-fitted"]
    assert (clear["spearman"], clear["top1"], clear["mean_rank"]) == (pytest.approx(1), 1, 32.5)


def test_intervals_come_from_the_seeds_of_estimates_and_of_searches():
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
    assert by_searches["top1_low"] == by_searches["top1_high"]  # always the same choice
    by_tasks = summary(worst, resample_tasks=True).loc["e"]
    assert by_tasks["regret_low"] < by_tasks["regret"] < by_tasks["regret_high"]


def test_one_seed_of_everything_has_no_interval_and_no_cross_fitting():
    table = selection_summary(make_estimates(perfect, seeds=1), make_rows(seeds=1))
    row = table.set_index("estimator").loc["e"]
    assert row["regret"] == 0
    ends = [f"{name}_{end}" for name in ("spearman", "regret", "top1") for end in ("low", "high")]
    assert row[ends].isna().all()
    assert np.isnan(row["regret_cross_fitted"])


def test_missing_estimates_and_sources_that_were_not_measured():
    rows = make_rows()
    rows = rows[~((rows["target"] == "a") & (rows["source"] == "b"))]  # the best one, not measured

    def gappy(target, source, seed):
        return np.nan if (target, source) == ("d", "a") else perfect(target, source, seed)

    row = summary(gappy, rows).loc["e"]
    assert (row["pairs"], row["missing"]) == (11, pytest.approx(1 / 11))
    # On a the best that was measured is c; on d the best was not estimated, so b is chosen.
    assert row["regret"] == (100 - 10) / 4
    assert (row["top1"], row["top2"]) == (3 / 4, 1)


def test_choices_one_by_one():
    choices = source_choices(make_estimates(worst), make_rows()).set_index(["target", "seed"])
    row = choices.loc[("a", 1)]
    assert (row["chosen"], row["equals"], row["place"]) == ("d", 1, 3)
    assert (row["best_source"], row["best_mean_rank"], row["regret"]) == ("b", 10, 990)
    assert len(choices) == 12


def test_wrong_input_is_refused():
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


def test_spearman_is_scipys_with_ties_and_gaps():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (7, 12)).astype(float)
    x[rng.random(x.shape) < 0.2] = np.nan
    y = rng.integers(0, 6, (5, 12)).astype(float)
    y[:, 3] = np.nan
    found = spearman(x, y)
    for g in range(7):
        for b in range(5):
            known = ~np.isnan(x[g]) & ~np.isnan(y[b])
            expected = stats.spearmanr(x[g][known], y[b][known]).statistic
            assert found[g, b] == pytest.approx(expected)
    assert np.isnan(spearman(np.ones((1, 4)), y[:, :4])).all()
    assert np.isnan(spearman(np.full((1, 4), np.nan), y[:, :4])).all()


def test_cross_fitting_splits_cells_of_unequal_numbers_of_seeds():
    ranks = np.full((1, 2, 5), np.nan)
    ranks[0, 0, :5], ranks[0, 1, :2] = 1.0, 9.0
    oracle = cross_fitted_oracle(ranks, 30, 0, resampled=True)
    assert (oracle.mean_ranks == 1).all()
    assert (oracle.judged == [[1, 9]]).all()
    assert (oracle.first == 1).all()
    ranks[0, 1, 1] = np.nan
    assert cross_fitted_oracle(ranks, 30, 0, resampled=False) is None
