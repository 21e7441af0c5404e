"""A study by steps: its plan, and what measuring a group gives."""

import json

import numpy as np
import pytest
from reference_study.config import RETRAINING, SCRATCH, Group, StudyConfig
from reference_study.measure import measure_group
from reference_study.retraining import RetrainingConfig

from rlnas.errors import InvalidArgumentError
from rlnas.runs.cell import NO_SOURCE

TASKS = ("synthetic-0", "synthetic-1")


@pytest.fixture(scope="module")
def config(sources):
    return StudyConfig(
        suite="synthetic-micro",
        tasks=TASKS,
        seeds=2,
        steps=1_600,
        fine_tuning=300,
        dense=640,
        stride=640,
        starts=16,
        searches=2,
        queries=10,
        controller=sources["mlp"].config,
        retraining=RetrainingConfig(policy_scale=0.5),
    )


@pytest.fixture(scope="module")
def scratch(config, synthetic):
    return measure_group(config, synthetic, Group(NO_SOURCE, "synthetic-0"))


def test_every_ordered_pair_is_measured_after_its_source(config):
    groups = StudyConfig(tasks=("a", "b", "c")).groups()
    pairs = [(g.source, g.target) for g in groups if g.method == RETRAINING]
    assert sorted(pairs) == [("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")]
    assert [g.method for g in groups[:3]] == [SCRATCH] * 3


def test_judgements_are_dense_at_first_and_meet_the_end_of_every_regime(config):
    assert config.grid(config.steps) == (0, 320, 640, 1_280, 1_600)
    assert config.grid(3_200) == (0, 320, 640, 1_280, 1_600, 1_920, 2_560, 3_200)
    reference = StudyConfig()
    grid = reference.grid(2 * reference.steps)
    assert {0, reference.fine_tuning, reference.steps, 2 * reference.steps} <= set(grid)
    assert all(step % reference.rollout == 0 for step in grid)


def test_the_configuration_survives_its_file(config):
    assert StudyConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    "wrong",
    [
        {"tasks": ("a",)},
        {"tasks": ("a", "a")},
        {"seeds": 0},
        {"fine_tuning": 200_000},
        {"searches": -1},
        {"stride": 0},
    ],
)
def test_wrong_numbers_are_said(wrong):
    with pytest.raises(InvalidArgumentError, match=str(next(iter(wrong)))):
        StudyConfig(**wrong)


def test_scratch_goes_on_for_as_long_again_and_gives_the_sources(config, scratch):
    curves, rows = scratch.curves, scratch.rows
    assert sorted(curves["step"].unique()) == list(config.grid(3_200))
    assert len(curves) == 2 * curves["step"].nunique()
    assert sorted(rows["step"].unique()) == [320, 1_600]
    assert [c.steps for c in scratch.sources] == [1_600] * 2
    assert set(rows["method"]) == {SCRATCH}
    assert (rows["rank"] >= 1).all()


def test_a_pair_begins_with_the_sources_policy(config, scratch, synthetic):
    group = Group("synthetic-0", "synthetic-1")
    result = measure_group(config, synthetic, group, scratch.sources)
    assert sorted(result.rows["step"].unique()) == [0, 320, 1_600]
    assert sorted(result.curves["step"].unique()) == list(config.grid(1_600))
    assert result.sources == ()
    again = measure_group(config, synthetic, group, scratch.sources)
    assert again.curves.equals(result.curves)
    assert again.rows.equals(result.rows)
    other = measure_group(config, synthetic, group, scratch.sources[::-1])
    first = result.curves[result.curves["step"] == 0]["best"].to_numpy()
    swapped = other.curves[other.curves["step"] == 0]["best"].to_numpy()
    assert np.allclose(first, swapped[::-1])


def test_a_pair_needs_a_source_for_each_seed(config, scratch, synthetic):
    with pytest.raises(InvalidArgumentError, match="1 sources for 2 seeds"):
        measure_group(config, synthetic, Group(*TASKS), scratch.sources[:1])


def test_without_searches_there_is_no_rank(config, synthetic, scratch):
    quiet = StudyConfig(**{**vars(config), "searches": 0})
    result = measure_group(quiet, synthetic, Group(*TASKS), scratch.sources)
    assert result.rows["rank"].isna().all()


def test_the_default_is_the_reference_study():
    config = StudyConfig()
    assert config.fine_tuning * 10 == config.steps
    assert len(config.groups()) == 16
