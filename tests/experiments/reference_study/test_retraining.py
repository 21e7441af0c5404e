"""Re-training by steps: what is taken along, where it must help, and what it leaves alone."""

import dataclasses

import numpy as np
import pytest
import torch
from reference_study.learning_curve import learn_and_judge
from reference_study.retraining import RetrainingConfig, retrain_many

from rlnas.agents import PPOController
from rlnas.benchmarks import synthetic_suite
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.spaces import get_space

ROLLOUT = 320
SEEDS = 4


def weights(controller):
    return {name: value.clone() for name, value in controller.network.state_dict().items()}


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=3, correlation=0.8, seed=5)


@pytest.fixture(scope="module")
def trained(suite, sources):
    """Controllers that have learnt the first task."""
    fresh = [
        PPOController(suite["synthetic-0"].space, sources["mlp"].config, seed=seed)
        for seed in range(SEEDS)
    ]
    return learn_and_judge(
        fresh, [suite["synthetic-0"]] * SEEDS, 12_800, judge_at=[0, 6_400, 12_800], starts=64
    )


def test_from_scratch_it_is_the_training_that_nobody_looks_at(suite, sources):
    task = suite["synthetic-0"]
    plain = PPOController.train_many(
        [task], 3 * ROLLOUT, seeds=[7, 8], config=sources["mlp"].config, device="cpu"
    )
    watched = learn_and_judge(
        [PPOController(task.space, sources["mlp"].config, seed=seed) for seed in (7, 8)],
        [task] * 2,
        3 * ROLLOUT,
        judge_at=range(0, 3 * ROLLOUT + 1, ROLLOUT),
        keep_at=[ROLLOUT],
        starts=8,
    )
    assert watched.steps == (0, ROLLOUT, 2 * ROLLOUT, 3 * ROLLOUT)
    for one, other in zip(plain, watched.controllers, strict=True):
        assert same(weights(one), weights(other))
        assert other.steps == one.steps
        assert other.sources == one.sources
    assert not same(weights(watched.kept[ROLLOUT][0]), weights(watched.controllers[0]))
    assert watched.kept[ROLLOUT][0].steps == ROLLOUT


def test_pretraining_wins_on_a_task_like_the_source(suite, trained, sources):
    assert trained.scores[-1].best.mean() > trained.scores[0].best.mean() + 0.5
    task, marks = suite["synthetic-1"], [0, 3_200]
    course = retrain_many(
        trained.controllers, [task] * SEEDS, 3_200, range(SEEDS), judge_at=marks, starts=64
    )
    fresh = [PPOController(task.space, sources["mlp"].config, seed=seed) for seed in range(SEEDS)]
    scratch = learn_and_judge(fresh, [task] * SEEDS, 3_200, judge_at=marks, starts=64)
    for own, other in zip(course.scores, scratch.scores, strict=True):
        assert own.best.mean() > other.best.mean() + 0.2


def test_on_its_own_task_it_does_not_hurt(suite, trained):
    task = suite["synthetic-0"]
    course = retrain_many(
        trained.controllers,
        [task] * SEEDS,
        6_400,
        range(SEEDS),
        config=RetrainingConfig(policy_scale=0.3),
        judge_at=[0, 6_400],
        starts=64,
    )
    assert course.scores[1].best.mean() > trained.scores[1].best.mean()
    assert course.scores[1].best.mean() > trained.scores[2].best.mean() - 0.15


def test_the_sources_stay_as_they_are_and_the_heirs_say_where_they_come_from(suite, trained):
    before = [weights(controller) for controller in trained.controllers]
    course = retrain_many(
        trained.controllers,
        [suite["synthetic-1"]] * SEEDS,
        ROLLOUT,
        range(SEEDS),
        keep_at=[0, ROLLOUT],
    )
    for controller, then in zip(trained.controllers, before, strict=True):
        assert same(weights(controller), then)
        assert controller.sources == (suite["synthetic-0"].name,)
    heir = course.controllers[0]
    assert heir.sources == (suite["synthetic-0"].name, suite["synthetic-1"].name)
    assert heir.steps == 12_800 + ROLLOUT
    assert course.kept[0][0].sources == (suite["synthetic-0"].name,)
    assert course.scores == ()


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_parts_are_copied_and_the_policy_head_is_shrunk(synthetic, sources, kind):
    config = RetrainingConfig(parts=("encoder", "policy_head"), policy_scale=0.25)
    course = retrain_many(
        [sources[kind]], [synthetic["synthetic-1"]], ROLLOUT, [3], config=config, keep_at=[0]
    )
    own, given = weights(course.kept[0][0]), weights(sources[kind])
    new = weights(PPOController(sources[kind].space, sources[kind].config, seed=3))
    for name, value in own.items():
        if name.startswith("encoder"):
            assert torch.equal(value, given[name])
        elif name.startswith("policy_head"):
            assert torch.equal(value, 0.25 * given[name])
        elif name.startswith("value"):
            assert torch.equal(value, new[name])
    actions = {report.part: report.action for report in course.reports[0]}
    assert actions["policy_head"] == "copied"
    assert actions["value_head"] == "re-initialised"


def test_a_new_policy_head_is_not_shrunk(synthetic, sources):
    config = RetrainingConfig(parts=("encoder",), policy_scale=0.25)
    course = retrain_many(
        [sources["mlp"]], [synthetic["synthetic-1"]], ROLLOUT, [3], config=config, keep_at=[0]
    )
    new = weights(PPOController(sources["mlp"].space, sources["mlp"].config, seed=3))
    assert torch.equal(weights(course.kept[0][0])["policy_head.weight"], new["policy_head.weight"])


def test_learning_rate_and_entropy_are_those_of_the_continuation(synthetic, sources):
    config = RetrainingConfig(learning_rate=1e-9, ent_coef=0.2)
    course = retrain_many(
        [sources["mlp"]], [synthetic["synthetic-1"]], ROLLOUT, [0], config=config, keep_at=[0]
    )
    assert course.controllers[0].config.ppo.ent_coef == 0.2
    before, after = weights(course.kept[0][0]), weights(course.controllers[0])
    assert not same(before, after)
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    assert sources["mlp"].config.ppo.ent_coef == sources["mlp"].config.ppo.ent_coef


def test_the_same_seed_gives_the_same_and_another_one_another(synthetic, sources):
    def run(seed):
        course = retrain_many(
            [sources["mlp"]],
            [synthetic["synthetic-1"]],
            2 * ROLLOUT,
            [seed],
            judge_at=[2 * ROLLOUT],
            starts=8,
        )
        return course.scores[0].best[0]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_it_never_runs_on_the_target_of_a_search(synthetic, sources):
    task = synthetic["synthetic-1"]
    with task.sealed(), pytest.raises(LeakageError):
        retrain_many([sources["mlp"]], [task], ROLLOUT, [0])


def test_wrong_use_is_said(synthetic, sources):
    source, task = sources["mlp"], synthetic["synthetic-1"]
    with pytest.raises(InvalidArgumentError, match="1 controllers, 2 tasks and 1 seeds"):
        retrain_many([source], [task, task], ROLLOUT, [0])
    with pytest.raises(InvalidArgumentError, match="configurations differ"):
        retrain_many(list(sources.values()), [task] * 2, ROLLOUT, [0, 1])
    with pytest.raises(InvalidArgumentError, match="0…steps"):
        retrain_many([source], [task], ROLLOUT, [0], judge_at=[ROLLOUT + 1])
    other = next(iter(synthetic_suite(get_space("nasbench-201"), 1).values()))
    with pytest.raises(InvalidArgumentError, match="nasbench-201"):
        retrain_many([source], [other], ROLLOUT, [0])
    with pytest.raises(InvalidArgumentError, match="body"):
        RetrainingConfig(parts=("body",))
    for scale in (0.0, 1.5, float("nan")):
        with pytest.raises(InvalidArgumentError, match="policy_scale"):
            RetrainingConfig(policy_scale=scale)


def test_held_scores_have_one_value_a_controller(trained):
    for scores in trained.scores:
        assert all(np.shape(v) == (SEEDS,) for v in dataclasses.asdict(scores).values())
        assert (scores.best >= scores.last - 1e-12).all()
        assert (scores.best <= 0).all()
