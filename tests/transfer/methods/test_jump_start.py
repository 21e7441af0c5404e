"""Jump-start: who acts when, how the guide's part shrinks, and what it can do."""

import json

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController
from rlnas.envs import ConstructionConfig
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.spaces import get_space
from rlnas.tasks import Budget, TabularTask
from rlnas.testing import check_no_leakage, check_transfer_method
from rlnas.transfer import Scratch
from rlnas.transfer.methods.jump_start import Guidance, JumpStart

QUICK = FineTuningConfig(rehearsal="none")


def architectures(result):
    return [record.architecture for record in result.records]


@pytest.fixture(scope="module")
def guide(synthetic):
    """A barely trained controller."""
    return PPOController.train(synthetic["synthetic-0"], 640, device="cpu")


@pytest.mark.parametrize("schedule", ["curriculum", "random"])
def test_it_conforms(schedule, guide, synthetic):
    check_transfer_method(
        lambda: JumpStart(guide, schedule=schedule, fine_tuning=QUICK), synthetic["synthetic-1"]
    )


@pytest.mark.parametrize("rehearsal", ["none", "queried"])
def test_no_leakage_at_the_usual_budget(rehearsal, guide, synthetic):
    fine_tuning = FineTuningConfig(rehearsal=rehearsal, rehearsal_rollouts=1)
    check_no_leakage(
        lambda: JumpStart(guide, fine_tuning=fine_tuning), synthetic["synthetic-3"], 50
    )


@pytest.mark.parametrize("queries", [1, 2, 9, 10, 11, 50])
def test_the_budget_is_spent_exactly(queries, guide, synthetic):
    method = JumpStart(guide, fine_tuning=QUICK)
    result = method.search(synthetic["synthetic-1"], queries, seed=0)
    assert len({r.architecture for r in result.records}) == len(result.records) == queries


@pytest.mark.parametrize("schedule", ["curriculum", "random"])
def test_a_search_in_a_batch_is_the_search_alone(schedule, guide, synthetic):
    """With costs that let some end sooner, one even with its start."""
    base = synthetic["synthetic-1"]
    tasks = [
        TabularTask(f"{s}", base.space, base.scores, base.metric, costs=np.full(4096, s))
        for s in (100.0, 1.0, 3.0)
    ]
    method = JumpStart(guide, schedule=schedule, fine_tuning=QUICK)
    together = method.search_many(tasks, Budget(cost=60.0), [0, 1, 2])
    assert [len(result.records) for result in together] == [1, 60, 20]
    for task, seed, result in zip(tasks, range(3), together, strict=True):
        alone = method.search(task, Budget(cost=60.0), seed)
        assert architectures(result) == architectures(alone)


@pytest.mark.parametrize("target", ["nasbench-201", "transnas-macro"])
def test_a_transformer_goes_to_another_space(target, sources, landscape):
    method = JumpStart(sources["transformer"], fine_tuning=QUICK)
    assert len(method.search(landscape(get_space(target)), 12).records) == 12


def test_construction_episodes_are_opened_by_the_guide_too(synthetic):
    config = ControllerConfig(environment=ConstructionConfig())
    method = JumpStart(PPOController(synthetic.space, config), fine_tuning=QUICK)
    assert len(method.search(synthetic["synthetic-1"], 15).records) == 15


def test_options_are_plain(guide):
    options = json.loads(json.dumps(dict(JumpStart(guide, stages=4).options())))
    assert (options["stages"], options["schedule"]) == (4, "curriculum")


@pytest.mark.parametrize(
    "wrong",
    [
        {"schedule": "never"},
        {"stages": 0},
        {"window": 0},
        {"tolerance": -0.1},
        {"start": "nowhere"},
    ],
)
def test_wrong_options_are_refused(wrong, guide):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        JumpStart(guide, **wrong)


# -- the guide's part --------------------------------------------------------------------------


def test_the_guide_opens_and_the_learner_follows(guide, synthetic):
    """Row by row, with searches in different stages and after one has left."""
    method = JumpStart(guide, stages=2)
    ledgers = [synthetic["synthetic-1"].ledger(500) for _ in range(3)]
    guidance = Guidance(method, ledgers, [generator(s, "test") for s in range(3)])
    layout = guide.network.layout
    obs = torch.rand(3, 1, layout.size, generator=torch.Generator().manual_seed(0)).round()
    own = torch.zeros(3, 1, layout.actions)
    with torch.no_grad():
        guides = guide.network(obs[:, 0])[0][:, None]
    for horizon, steps in zip(guidance._horizons, (0, 1, 2), strict=True):
        horizon.begin()
        horizon.steps = steps
    never = torch.zeros(3, 1, dtype=torch.bool)
    for step, guided in enumerate([[False, True, True], [False, False, True], [False] * 3]):
        expected = torch.where(torch.tensor(guided)[:, None, None], guides, own)
        torch.testing.assert_close(guidance.behaviour(obs, own).softmax(-1), expected.softmax(-1))
        if step == 0:
            guidance.stepped(never.float(), never)
        if step == 1:
            guidance.keep([1, 2])
            kept = guidance.behaviour(obs[1:], own[1:])
            torch.testing.assert_close(kept.softmax(-1), expected[1:].softmax(-1))
            break


# -- what it can do ----------------------------------------------------------------------------


def test_it_beats_scratch_where_the_source_is_alike(expert, log_ranks):
    suite, controller = expert
    tasks = [suite["synthetic-1"], suite["synthetic-2"]]
    scratch = log_ranks(Scratch(controller.config, QUICK), tasks, 12).mean()
    for schedule in ("curriculum", "random"):
        method = JumpStart(controller, schedule=schedule, fine_tuning=QUICK)
        assert log_ranks(method, tasks, 12).mean() < scratch - 0.4


def test_it_gets_over_a_guide_that_is_unrelated(unrelated, log_ranks):
    """The guide's episodes are lost; when it has left, the learner is where scratch would be."""
    suite, controller = unrelated
    tasks = [suite["synthetic-1"], suite["synthetic-2"]]
    scratch = log_ranks(Scratch(controller.config, QUICK), tasks, 12, 150)
    error = scratch.std() / np.sqrt(len(scratch))
    method = JumpStart(controller, stages=2, fine_tuning=QUICK)
    assert log_ranks(method, tasks, 12, 150).mean() < scratch.mean() + 2 * error
