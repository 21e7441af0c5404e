"""What a study by steps says, on curves whose right answers are known by construction."""

import numpy as np
import pandas as pd
import pytest
from reference_study.claims import check_claims, search_ranks, study_text, task_similarity
from reference_study.config import StudyConfig
from reference_study.pairs import pair_table, study_pairs
from reference_study.run import StudyRun

from rlnas.errors import InvalidArgumentError

TASKS = ("synthetic-0", "synthetic-1")


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


def test_the_tables_say_every_claim(finished_run):
    rows, curves = finished_run.write_tables()
    text = study_text(curves, rows, finished_run.config, finished_run.suite)
    for part in ("(a)", "(b)", "(c)", "(d)", "Kendall", "synthetic-1", "zero-shot"):
        assert part in text
    tau = task_similarity(finished_run.suite, finished_run.config.tasks)
    assert np.diag(tau) == pytest.approx(1.0)
    assert tau.loc[TASKS[0], TASKS[1]] == tau.loc[TASKS[1], TASKS[0]]


@pytest.mark.realdata
@pytest.mark.parametrize("variant", ["shrunk", "plain"])
def test_the_kept_tables_say_what_the_kept_rows_say(variant, experiments, real_suite):
    kept = StudyRun.open(experiments / "reference-study" / variant)
    curves, rows = (pd.read_parquet(kept.folder / f"{name}.parquet") for name in ("curves", "rows"))
    text = study_text(curves, rows, kept.config, real_suite(kept.config.suite))
    assert text == (kept.folder / "table.txt").read_text("utf-8")
