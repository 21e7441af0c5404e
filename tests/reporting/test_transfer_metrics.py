import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.censored_times import first_times, median_time, restricted_mean_time
from rlnas.reporting.courses import Courses, source_kind
from rlnas.reporting.outcomes import search_outcomes
from rlnas.reporting.pooled_speed_up import pooled_speed_up
from rlnas.reporting.pooled_transfer import pooled_transfer_metrics
from rlnas.reporting.resampling import interquartile_means_of_rows, occurrences, random_halves
from rlnas.reporting.statistics import interquartile_mean, probability_of_improvement
from rlnas.reporting.stratified import improvement_interval, stratified_interval
from rlnas.reporting.thresholds import time_to_threshold
from rlnas.reporting.transfer_metrics import transfer_metrics


def frame(cells, axis="query", start=1):
    """One row a point of {(source, target, method): [values of seed 0, values of seed 1, …]}."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "source": source,
                    "target": target,
                    "method": method,
                    "seed": seed,
                    axis: np.arange(start, start + len(values)),
                    "value": np.asarray(values, dtype=float),
                }
            )
            for (source, target, method), seeds in cells.items()
            for seed, values in enumerate(seeds)
        ],
        ignore_index=True,
    )


def courses(cells, axis="query", start=1, **options):
    return Courses.from_frame(frame(cells, axis, start), axis=axis, value="value", **options)


SCRATCH = ("-", "t", "scratch")
METHOD = ("s", "t", "zero-shot")
SMALL = {SCRATCH: [[0, 2, 4, 6], [2, 2, 4, 8]], METHOD: [[4, 6, 6, 8], [6, 8, 8, 8]]}


# -- courses ----------------------------------------------------------------------------------


def test_a_search_that_ended_keeps_what_it_found_and_rows_beyond_the_budget_do_not_count():
    found = courses({SCRATCH: [[0, 1, 2, 3]], METHOD: [[5, 6], [1, 1, 1, 1, 9]]})
    assert found.points.tolist() == [1, 2, 3, 4]
    assert found.cells[METHOD].tolist() == [[5, 6, 6, 6], [1, 1, 1, 1]]
    assert found.horizon == 4


def test_ranks_become_their_negative_logarithm():
    ranks = frame({SCRATCH: [[1000, 10, 1]]}).rename(columns={"value": "rank"})
    values = Courses.from_frame(ranks).cells[SCRATCH]
    assert values.tolist() == [[-3, -1, 0]]
    assert not np.signbit(values[0, 2])


def test_steps_begin_where_every_search_has_begun():
    curves = pd.concat(
        [
            frame({SCRATCH: [[1, 2]]}, "step").assign(step=[10, 20]),
            frame({METHOD: [[3, 5]]}, "step").assign(step=[0, 20]),
        ]
    )
    found = Courses.from_frame(curves, axis="step", value="value")
    assert found.points.tolist() == [10, 20]
    assert found.cells[METHOD].tolist() == [[3, 5]]


def test_order_of_rows_does_not_matter():
    curves = frame(SMALL)
    shuffled = curves.sample(frac=1, random_state=0)
    first = transfer_metrics(Courses.from_frame(curves, value="value"))
    second = transfer_metrics(Courses.from_frame(shuffled, value="value"))
    for column in ("area_gain", "jumpstart", "probability_of_improvement"):
        assert first[column].tolist() == pytest.approx(second[column].tolist())


def test_curves_that_cannot_be_compared_are_refused():
    with pytest.raises(InvalidArgumentError, match="no search by 'scratch'"):
        courses({METHOD: [[1, 2]]})
    with pytest.raises(InvalidArgumentError, match="on u"):
        courses({SCRATCH: [[1]], ("s", "u", "zero-shot"): [[1]]})
    with pytest.raises(InvalidArgumentError, match="lack the column rank"):
        Courses.from_frame(frame(SMALL))
    with pytest.raises(InvalidArgumentError, match="two values"):
        Courses.from_frame(pd.concat([frame(SMALL)] * 2), value="value")


def test_kinds_of_sources():
    kinds = [source_kind(s, "t") for s in ("-", "s", "t", "others", "all")]
    assert kinds == ["none", "single", "own", "others", "all"]


# -- metrics by pair --------------------------------------------------------------------------


def test_metrics_by_hand():
    row = transfer_metrics(courses(SMALL), first=2).iloc[0]
    # Means of two seeds. Scratch: first two 1, 2 → 1.5; last 7; areas 3, 4 → 3.5; start 1.
    assert (row["initial_baseline"], row["final_baseline"], row["area_baseline"]) == (1.5, 7, 3.5)
    assert (row["initial"], row["final"], row["area"]) == (6, 8, 6.75)
    assert (row["jumpstart"], row["asymptotic_gain"], row["area_gain"]) == (4.5, 1, 3.25)
    assert row["offset"] == 1
    assert row["transfer_ratio"] == pytest.approx(3.25 / 2.5)
    assert row["probability_of_improvement"] == 0.75  # 8 beats 6 and equals 8, twice
    assert row["jumpstart_low"] <= 4.5 <= row["jumpstart_high"]
    assert (row["n"], row["n_baseline"], row["sources"]) == (2, 2, "single")


def test_the_transfer_ratio_moves_with_its_offset_and_only_it():
    lifted = {key: [np.add(v, 100) for v in seeds] for key, seeds in SMALL.items()}
    at, above = (transfer_metrics(courses(cells), first=1).iloc[0] for cells in (SMALL, lifted))
    assert above["transfer_ratio"] == pytest.approx(at["transfer_ratio"])  # offset: its own start
    assert above["area_gain"] == pytest.approx(at["area_gain"])
    fixed = transfer_metrics(courses(lifted), first=1, offset=0.0).iloc[0]
    assert fixed["transfer_ratio"] == pytest.approx(3.25 / 103.5)
    sunk = transfer_metrics(courses(SMALL), first=1, offset=50.0).iloc[0]
    assert np.isnan(sunk["transfer_ratio"])  # and not a ratio of the wrong sign
    assert np.isnan(sunk["transfer_ratio_low"])


def test_area_by_step_takes_unequal_distances_into_account():
    curves = frame({SCRATCH: [[0, 2, 2]], METHOD: [[2, 2, 2]]}, "step")
    curves["step"] = curves["step"].replace({1: 0, 2: 10, 3: 100})
    row = transfer_metrics(Courses.from_frame(curves, axis="step", value="value")).iloc[0]
    assert row["area_baseline"] == pytest.approx((10 * 1 + 90 * 2) / 100)
    assert row["initial_baseline"] == 0  # the evaluation before any learning


def test_one_seed_has_estimates_but_no_interval():
    row = transfer_metrics(courses({SCRATCH: [[0, 1]], METHOD: [[1, 2]]}), first=1).iloc[0]
    assert row["jumpstart"] == 1
    assert row[["jumpstart_low", "jumpstart_high", "transfer_ratio_low"]].isna().all()


def test_intervals_do_not_depend_on_what_is_measured_beside_them():
    rng = np.random.default_rng(0)
    cells = {SCRATCH: rng.normal(size=(6, 5)), METHOD: rng.normal(size=(6, 5))}
    alone = transfer_metrics(courses(cells), first=1).iloc[0]
    cells = {("r", "t", "zero-shot"): rng.normal(size=(4, 5)), **cells}
    beside = transfer_metrics(courses(cells), first=1).iloc[1]
    pd.testing.assert_series_equal(alone, beside, check_names=False)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    cells = {SCRATCH: rng.normal(size=(12, 1))}
    cells |= {(f"s{i}", "t", "m"): rng.normal(0.5, 1, size=(12, 1)) for i in range(60)}
    # Each against its own scratch, since a common one would make them miss together.
    hits = 0
    for i in range(60):
        own = {SCRATCH: rng.normal(size=(12, 1)), METHOD: cells[f"s{i}", "t", "m"]}
        row = transfer_metrics(courses(own), first=1, resamples=300).iloc[0]
        hits += row["asymptotic_gain_low"] <= 0.5 <= row["asymptotic_gain_high"]
    assert 50 <= hits <= 60  # percentile intervals of a dozen seeds cover a little too rarely


def test_wrong_options_are_refused():
    for options, message in (
        ({"level": 1.0}, "level is 1.0"),
        ({"first": 9}, "first is 9"),
        ({"first": 0}, "first is 0"),
        ({"resamples": 0}, "resamples is 0"),
    ):
        with pytest.raises(InvalidArgumentError, match=message):
            transfer_metrics(courses(SMALL), **options)


# -- pooled -----------------------------------------------------------------------------------


def pooled_cells(rng, gains, seeds=8):
    """Scratch differs wildly between targets, so only gains over it can be pooled."""
    cells = {}
    for level, (target, gain) in enumerate(gains.items()):
        cells["-", target, "scratch"] = rng.normal(100 * level, 0.1, (seeds, 3))
        for source in gains:
            shift = 50.0 if source == target else gain
            cells[source, target, "m"] = rng.normal(100 * level + shift, 0.1, (seeds, 3))
    return cells


def test_pooling_takes_each_target_less_its_own_scratch_and_leaves_out_the_diagonal():
    cells = pooled_cells(np.random.default_rng(0), {"a": 1.0, "b": 1.0, "c": 1.0})
    table = pooled_transfer_metrics(courses(cells), first=1).set_index("sources")
    single, own = table.loc["single"], table.loc["own"]
    assert (single["pairs"], single["targets"], single["runs"], single["better"]) == (6, 3, 48, 6)
    for name in ("asymptotic_gain", "mean_asymptotic_gain", "jumpstart"):
        assert single[f"{name}_low"] < single[name] < single[f"{name}_high"]
        assert single[name] == pytest.approx(1, abs=0.1)
        assert own[name] == pytest.approx(50, abs=0.1)
    assert single["probability_of_improvement"] == 1


def test_the_mean_over_pairs_shows_harm_that_the_interquartile_mean_cuts_off():
    gains = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "e": -20.0}
    cells = pooled_cells(np.random.default_rng(0), gains)
    row = pooled_transfer_metrics(courses(cells), first=1).set_index("sources").loc["single"]
    assert row["asymptotic_gain"] == pytest.approx(1, abs=0.1)
    assert row["mean_asymptotic_gain"] == pytest.approx((4 - 20) / 5, abs=0.1)
    assert row["better"] == 16


def test_resampling_tasks_widens_what_differs_between_tasks():
    cells = pooled_cells(np.random.default_rng(0), {"a": 0.0, "b": 1.0, "c": 5.0})
    narrow, wide = (
        pooled_transfer_metrics(courses(cells), first=1, resample_tasks=tasks)
        .set_index("sources")
        .loc["single"]
        for tasks in (False, True)
    )
    assert narrow["mean_area_gain"] == wide["mean_area_gain"]
    widths = [row["mean_area_gain_high"] - row["mean_area_gain_low"] for row in (narrow, wide)]
    assert widths[1] > 10 * widths[0]


def test_pooled_and_by_pair_agree_on_a_single_pair():
    pair = transfer_metrics(courses(SMALL), first=1).iloc[0]
    pooled = pooled_transfer_metrics(courses(SMALL), first=1).iloc[0]
    for name in ("mean_area_gain", "transfer_ratio", "probability_of_improvement"):
        for suffix in ("", "_low", "_high"):
            same = pair[name.removeprefix("mean_") + suffix]
            assert pooled[name + suffix] == pytest.approx(same)


# -- times ------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(
    times=hnp.arrays(int, st.integers(1, 12), elements=st.integers(1, 20)),
    flags=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_restricted_means_and_medians_are_kaplan_meiers(times, flags):
    reached = np.array(flags[: len(times)])
    if not reached.any():
        assert (median_time(times, reached), restricted_mean_time(times, reached, 25)) == (
            np.inf,
            25,
        )
        return
    # The product-limit estimate written out, as the independent reference.
    share, area, last, median = 1.0, 0.0, 0.0, np.inf
    for time in np.unique(times):
        area += share * (time - last)
        share *= 1 - (reached & (times == time)).sum() / (times >= time).sum()
        last = time
        median = min(median, time) if share <= 0.5 + 1e-12 else median
    area += share * (25 - last)
    assert restricted_mean_time(times, reached, 25) == pytest.approx(area)
    assert median_time(times, reached) == median


def test_times_of_a_common_budget_equal_kaplan_meier():
    rng = np.random.default_rng(3)
    scratch = np.maximum.accumulate(rng.integers(0, 30, (9, 12)), axis=1)
    own = np.maximum.accumulate(rng.integers(0, 34, (7, 12)), axis=1)
    table = time_to_threshold(courses({SCRATCH: scratch, METHOD: own}), levels=(0.5, 0.9, 1.0))
    for _, row in table.iterrows():
        for values, suffix in ((own, ""), (scratch, "_baseline")):
            times = first_times(
                values.astype(float), np.arange(1.0, 13), np.array([row["threshold"]])
            )[0]
            done = np.isfinite(times)
            mean = restricted_mean_time(np.minimum(times, 12), done, 12)
            assert row[f"restricted_mean{suffix}"] == pytest.approx(mean)
            assert row[f"median{suffix}"] == median_time(np.minimum(times, 12), done)
            assert row[f"reached{suffix}"] == done.mean()


def test_times_by_hand():
    cells = {SCRATCH: [[0, 4, 8, 8], [0, 0, 4, 8]], METHOD: [[8, 8, 8, 8], [4, 4, 4, 4]]}
    table = time_to_threshold(courses(cells), levels=(0.5, 1.0, 1.5)).set_index("level")
    assert table["threshold"].tolist() == [4, 8, 12]
    half, whole, beyond = (table.loc[level] for level in (0.5, 1.0, 1.5))
    assert (half["restricted_mean"], half["restricted_mean_baseline"]) == (1, 2.5)
    assert (half["speed_up"], half["bound"]) == (2.5, "exact")
    assert (whole["restricted_mean"], whole["restricted_mean_baseline"]) == ((1 + 4) / 2, 3.5)
    assert (whole["speed_up"], whole["bound"]) == (3.5 / 2.5, "upper")
    assert (whole["median"], whole["reached"]) == (1, 0.5)
    assert whole["budget_ratio"] == 4 / 2.5
    assert (beyond["speed_up"], beyond["bound"], beyond["median"]) == (1, "restricted", np.inf)


def test_means_of_the_successful_alone_would_have_been_wrong():
    # A method that is lucky once and otherwise never arrives is not fast.
    lucky = [[8, 8, 8, 8]] + [[0, 0, 0, 0]] * 9
    row = time_to_threshold(courses({SCRATCH: [[0, 4, 8, 8]] * 4, METHOD: lucky}), levels=(1.0,))
    assert row["speed_up"].item() == pytest.approx(3 / 3.7)


def test_training_on_the_source_is_counted():
    cells = {SCRATCH: [[0, 4, 8, 8]], METHOD: [[8, 8, 8, 8]], ("others", "t", "m"): [[8, 8, 8, 8]]}
    cells["-", "t", "random"] = [[0, 0, 0, 8]]
    cost = {"s": 2.0, "r": 3.0, "t": 100.0}
    table = time_to_threshold(courses(cells), levels=(1.0,), source_training=cost)
    assert table["source_training"].tolist() == [2, 5, 0]  # the others without the target
    assert table["speed_up_with_source"].tolist() == pytest.approx([3 / 3, 3 / 6, 3 / 4])
    with pytest.raises(InvalidArgumentError, match="no cost of training on 's'"):
        time_to_threshold(courses(cells), source_training={"x": 1.0})


def test_noise_above_a_threshold_does_not_count_until_it_holds():
    values = np.array([[0, 9, 0, 9, 9, 9.0], [0, 0, 0, 0, 0, 9.0]])
    points = np.arange(6) * 10.0
    assert first_times(values, points, np.array([9.0]))[0].tolist() == [10, 50]
    assert first_times(values, points, np.array([9.0]), hold=2)[0].tolist() == [30, np.inf]
    assert np.isinf(first_times(values, points, np.array([9.0]), hold=7)).all()
    with pytest.raises(InvalidArgumentError, match="hold is 0"):
        first_times(values, points, np.array([9.0]), hold=0)


def test_a_threshold_that_differs_by_rounding_is_reached():
    value = -np.log10(7.0)
    cells = {SCRATCH: [[-3, value]] * 3, METHOD: [[value, value]] * 3}
    row = time_to_threshold(courses(cells), levels=(1.0,)).iloc[0]
    assert (row["reached"], row["reached_baseline"]) == (1, 1)


def test_a_threshold_reached_before_any_step_is_infinitely_faster():
    cells = {SCRATCH: [[0, 1, 2]] * 2, METHOD: [[2, 2, 2]] * 2}
    found = courses(cells, "step", start=0)
    row = time_to_threshold(found, levels=(1.0,)).iloc[0]
    assert np.isinf(row[["speed_up", "speed_up_low", "speed_up_high"]].to_numpy(float)).all()
    assert np.isinf(pooled_speed_up(found, levels=(1.0,))["speed_up"].item())


def test_pooled_speed_up_is_that_of_the_median_pair():
    cells = {}
    for target, reach in (("a", 1), ("b", 2), ("c", 8)):
        cells["-", target, "scratch"] = [[0] * 7 + [1]] * 3
        cells["s", target, "m"] = [[0] * (reach - 1) + [1] * (9 - reach)] * 3
    row = pooled_speed_up(courses(cells), levels=(1.0,), source_training={"s": 8.0}).iloc[0]
    assert (row["worst"], row["speed_up"], row["best"], row["faster"]) == (1, 4, 8, 2 / 3)
    assert (row["speed_up_low"], row["speed_up_high"]) == (4, 4)  # seeds are all alike
    assert row["speed_up_with_source"] == 8 / 10
    tasks = pooled_speed_up(courses(cells), levels=(1.0,), resample_tasks=True).iloc[0]
    assert (tasks["speed_up_low"], tasks["speed_up_high"]) == (1, 8)


# -- outcomes and resampling ------------------------------------------------------------------


def test_outcomes_are_rank_and_regret_of_every_cell(rows):
    table = search_outcomes(rows).set_index(["source", "target", "method"])
    cell = rows[(rows["method"] == "zero-shot") & (rows["source"] == "beta")]
    cell = cell[cell["target"] == "alpha_one"]
    row = table.loc[("beta", "alpha_one", "zero-shot")]
    assert row["mean_rank"] == cell["rank"].mean()
    assert row["iqm_regret"] == interquartile_mean(cell["regret"])
    assert row["rank_low"] <= row["iqm_rank"] <= row["rank_high"]
    assert table.loc[("-", "beta", "scratch"), "n"] == 4
    json.loads(table.reset_index().to_json(orient="records"))
    with pytest.raises(InvalidArgumentError, match="regret"):
        search_outcomes(rows.drop(columns="regret"))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.floats(-9, 9))
)
def test_interquartile_means_of_rows_leave_out_nan(values):
    values[:, ::4] = np.where(values[:, ::4] > 5, np.nan, values[:, ::4])
    found = interquartile_means_of_rows(values)
    for row, mean in zip(values, found, strict=True):
        known = row[~np.isnan(row)]
        assert mean == pytest.approx(interquartile_mean(known), nan_ok=True)


def test_long_rows_have_the_same_interquartile_mean():
    values = np.random.default_rng(0).normal(size=(3, 1001))
    assert interquartile_means_of_rows(values) == pytest.approx(
        stats.trim_mean(values, 0.25, axis=1)
    )


def test_occurrences_count_and_halves_divide():
    indices = np.array([[0, 0, 2], [1, 1, 1]])
    assert occurrences(indices).tolist() == [[2, 0, 1], [0, 3, 0]]
    values = np.array([[1.0, np.nan, 2, 3, 4, 5], [7, 8, np.nan, np.nan, np.nan, np.nan]])
    one, other = random_halves(values, 20, np.random.default_rng(0))
    both = np.sort(np.concatenate([one, other], axis=-1), axis=-1)
    assert (both[:, 0, :5] == [1, 2, 3, 4, 5]).all()
    assert (both[:, 1, :2] == [7, 8]).all()
    assert np.isnan(both[:, 0, 5:]).all()
    assert (np.isfinite(one).sum(axis=-1) == [2, 1]).all()


def test_stratified_intervals():
    rng = np.random.default_rng(0)
    tasks = [rng.normal(mean, 0.1, 10) for mean in (0, 1, 2, 50)]
    runs = stratified_interval(tasks)
    assert runs.estimate == interquartile_mean(np.concatenate(tasks))
    assert runs.low < runs.estimate < runs.high
    means = stratified_interval(tasks, over="tasks")
    assert means.estimate == pytest.approx(np.mean([interquartile_mean(t) for t in tasks]))
    wide = stratified_interval(tasks, over="tasks", resample_tasks=True)
    assert wide.high - wide.low > 20 * (means.high - means.low)
    assert np.isnan(stratified_interval([[1.0], [2.0]]).low)
    with pytest.raises(InvalidArgumentError, match="no value"):
        stratified_interval([[1.0], [np.nan]])


def test_probability_of_improvement_over_tasks():
    better, worse, even = [3.0, 4, 5], [0.0, 1, 2], [1.0, 1.0]
    found = improvement_interval([better, even], [worse, even])
    assert found.estimate == 0.75
    assert (found.low, found.high) == (0.75, 0.75)
    rng = np.random.default_rng(0)
    x, y = rng.normal(0.5, 1, 15), rng.normal(size=12)
    one = improvement_interval([x], [y])
    assert one.estimate == pytest.approx(probability_of_improvement(x, y))
    assert one.low < one.estimate < one.high
    with pytest.raises(InvalidArgumentError, match="1 tasks and 2"):
        improvement_interval([x], [y, y])
