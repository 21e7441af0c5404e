"""The plan of a study: its groups, the steps at which it judges, and its file."""

import json

import pytest
from reference_study.config import RETRAINING, SCRATCH, StudyConfig

from rlnas.errors import InvalidArgumentError

TASKS = ("synthetic-0", "synthetic-1")


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


def test_the_default_is_the_reference_study():
    config = StudyConfig()
    assert config.fine_tuning * 10 == config.steps
    assert len(config.groups()) == 16
