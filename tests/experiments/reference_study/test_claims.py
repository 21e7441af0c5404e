"""What a study by steps says, on curves whose right answers are known by construction."""

import numpy as np
import pandas as pd
import pytest
from reference_study.claims import check_claims, search_ranks, study_text, task_similarity
from reference_study.config import StudyConfig
from reference_study.pairs import pair_table, study_pairs
from reference_study.run import StudyRun, run_study
from reference_study.step_curves import StepCurve

from rlnas.errors import InvalidArgumentError, RunError

TASKS = ("synthetic-0", "synthetic-1")


def curve(values, seeds=4, spread=0.0, steps=None):
    values = np.asarray(values, dtype=float)
    steps = np.arange(len(values)) * 10 if steps is None else np.asarray(steps)
    return StepCurve(steps, values[:, None] + spread * np.arange(seeds), "made-up")


def steps_to(curve, level):
    return curve.steps_to(np.full(curve.course.shape[1], float(level)))[0]


def test_time_to_a_level_is_when_the_curve_stays_there():
    assert steps_to(curve([0, 2, 0, 1, 2, 3]), 1) == 30
    assert steps_to(curve([0, 2, 0, 1, 2, 3]), 0) == 0
    assert steps_to(curve([0, 2, 2, 2, 2, 1]), 2) == np.inf


def test_final_performance_is_the_mean_over_the_last_tenth():
    values = [0.0] * 9 + [4.0, 6.0]
    assert curve(values).final == pytest.approx(5.0)
    assert curve(values).at(100) == pytest.approx(6.0)
    with pytest.raises(InvalidArgumentError, match="step 5"):
        curve(values).at(5)


def test_the_seeds_own_times_are_censored():
    values = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], dtype=float)
    one = StepCurve(np.arange(4) * 10, values, "made-up")
    assert one.first_passage(1.0) == {"median": 20.0, "reached": 3}
    assert one.first_passage(2.0) == {"median": np.inf, "reached": 0}
    half = StepCurve(one.steps, values[:, [3, 3, 0, 3]], "made-up")
    assert half.first_passage(1.0) == {"median": np.inf, "reached": 1}


def test_a_seed_that_lacks_a_judgement_is_said():
    frame = pd.DataFrame({"step": [0, 0, 10], "seed": [0, 1, 0], "best": [1.0, 2.0, 3.0]})
    with pytest.raises(InvalidArgumentError, match="lack"):
        StepCurve.of(frame, "best", "made-up")


# -- made-up studies: scratch rises from -3 to 0 in 40 of 100 rollouts and stays there ----------


def made_up(speed, end=0.0, begin=-3.0, noise=0.0, seeds=6):
    """Return config and curves; a pretrained one rises from ``begin`` to ``end``, ``speed`` times
    as fast."""
    config = StudyConfig(suite="synthetic-micro", tasks=TASKS, seeds=seeds, searches=0)
    rng = np.random.default_rng(0)
    frames = []
    for source, target in (("-", TASKS[0]), ("-", TASKS[1]), TASKS, TASKS[::-1]):
        alone = source == "-"
        steps = np.array(config.grid(config.steps * (2 if alone else 1)))
        share = np.minimum(steps / (0.4 * config.steps) * (1 if alone else speed), 1)
        low, high = (-3.0, 0.0) if alone else (begin, end)
        for seed in range(seeds):
            value = low + (high - low) * share + noise * rng.normal(size=len(steps))
            frames.append(
                pd.DataFrame(
                    {
                        "source": source,
                        "target": target,
                        "method": "scratch" if alone else "re-training",
                        "seed": seed,
                        "step": steps,
                        "best": value,
                        "best_metric": 10 * value,
                    }
                )
            )
    return config, pd.concat(frames, ignore_index=True)


def test_what_learns_eight_times_as_fast_is_found_to():
    config, curves = made_up(speed=8)
    claims = check_claims(study_pairs(curves, config))
    table = pair_table(study_pairs(curves, config))
    # Scratch is within 5 % of its end after 38 % of the steps: at the next judgement, 39,680.
    assert set(table["scratch_steps"]) == {40_960}
    assert set(table["steps"]) == {5_120}
    assert claims["speedup"]["estimate"] == pytest.approx(8)
    assert claims["speedup"]["met"]
    assert claims["budget_speedup"]["estimate"] == pytest.approx(20)
    assert table["retrained"].to_numpy() == pytest.approx(0)
    assert claims["final"]["surely"] == claims["final"]["surely_harms"] == 0


def test_what_ends_lower_never_gets_there_and_counts_as_no_speedup():
    config, curves = made_up(speed=8, end=-0.5)
    claims = check_claims(study_pairs(curves, config))
    assert claims["speedup"]["estimate"] == 0
    assert claims["speedup"]["reached"] == 0
    assert not claims["speedup"]["met"]
    assert claims["final"]["surely_harms"] == 2
    assert not claims["final"]["met"]


def test_what_is_there_at_once_is_counted_as_one_rollout():
    config, curves = made_up(speed=1, begin=0.0, end=0.1)
    table = pair_table(study_pairs(curves, config))
    assert set(table["steps"]) == {0}
    assert table["speedup"].to_numpy() == pytest.approx(40_960 / config.rollout)
    assert table["jumpstart"].to_numpy() == pytest.approx(3.0)
    assert table["zero_shot"].to_numpy() == pytest.approx(0.0)
    assert check_claims(study_pairs(curves, config))["final"]["surely"] == 2


def test_what_is_scratch_again_saves_nothing():
    config, curves = made_up(speed=1, noise=0.02)
    claims = check_claims(study_pairs(curves, config))
    assert claims["speedup"]["estimate"] == pytest.approx(1, abs=0.3)
    assert claims["speedup"]["low"] <= 1 <= claims["speedup"]["high"]
    assert abs(claims["regimes"]["retrained"]["estimate"]) < 0.02
    assert claims["regimes"]["jumpstart"]["estimate"] == pytest.approx(0, abs=0.05)


def test_claims_do_not_depend_on_the_unit_of_the_metric():
    config, curves = made_up(speed=4, noise=0.02)
    ranks, metric = (study_pairs(curves, config, value) for value in ("best", "best_metric"))
    for one, other in zip(ranks, metric, strict=True):
        assert np.allclose(one.speedup, other.speedup)
        assert np.allclose(10 * one.retrained, other.retrained)


def test_a_tolerance_out_of_range_is_said():
    config, curves = made_up(speed=4)
    with pytest.raises(InvalidArgumentError, match="tolerance"):
        study_pairs(curves, config, tolerance=1.0)


def test_searches_are_summed_up_over_pairs_within_a_seed():
    rows = pd.DataFrame(
        {
            "method": ["re-training"] * 4 + ["scratch"] * 2,
            "target": ["a", "b"] * 3,
            "seed": [0, 0, 1, 1, 0, 1],
            "step": [0] * 4 + [10] * 2,
            "rank": [1.0, 3.0, 5.0, 7.0, 10.0, 20.0],
        }
    )
    found = search_ranks(rows, StudyConfig())
    assert list(found["method"]) == ["scratch", "re-training"]
    assert list(found["iqm"]) == [15.0, 4.0]
    assert list(found["n"]) == [2, 2]


# -- a run on disk ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory, isolated_cache):
    """A finished run of a small study, measured in this process."""
    config = StudyConfig(
        suite="synthetic-micro",
        tasks=TASKS,
        seeds=2,
        steps=2_560,
        fine_tuning=1_280,
        starts=16,
        searches=1,
        queries=10,
    )
    folder = tmp_path_factory.mktemp("study") / "run"
    return run_study(config, folder, workers=1, command="made by a test")


def test_a_finished_run_is_read_again_and_not_measured_again(run):
    assert StudyRun.open(run.folder).config == run.config
    assert not run.missing()
    before = {p: p.stat().st_mtime_ns for p in run.folder.rglob("*.parquet") if "groups" in str(p)}
    run_study(run.config, run.folder, workers=1, resume=True)
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())


def test_an_interrupted_run_goes_on_to_the_same_result(run):
    group = run.config.groups()[-1]
    before = pd.read_parquet(run.folder / "curves.parquet")
    run.path(group, "rows").unlink()
    assert run.missing() == [group]
    with pytest.raises(RunError, match="lacks 1"):
        run.write_tables()
    run.measure(group)
    _, after = run.write_tables()
    pd.testing.assert_frame_equal(before, after)


def test_other_settings_are_another_run(run):
    other = StudyConfig(**{**vars(run.config), "seeds": 3})
    with pytest.raises(RunError, match="seeds"):
        run_study(other, run.folder, resume=True)
    with pytest.raises(RunError, match="already"):
        run_study(run.config, run.folder)


def test_the_tables_say_every_claim(run):
    rows, curves = run.write_tables()
    text = study_text(curves, rows, run.config, run.suite)
    for part in ("(a)", "(b)", "(c)", "(d)", "Kendall", "synthetic-1", "zero-shot"):
        assert part in text
    tau = task_similarity(run.suite, run.config.tasks)
    assert np.diag(tau) == pytest.approx(1.0)
    assert tau.loc[TASKS[0], TASKS[1]] == tau.loc[TASKS[1], TASKS[0]]
