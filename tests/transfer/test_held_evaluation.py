"""Held evaluation: the same starts for all, right scores, and nothing of training is touched."""

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOController
from rlnas.agents.engine.stacks import stack_networks
from rlnas.envs import ConstructionConfig, ImprovementConfig, TableScorer, make_core
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.seeding import generator
from rlnas.tasks import TabularTask
from rlnas.transfer.held_evaluation import HeldEvaluation


def networks(task, count, environment, width=8):
    config = ControllerConfig(environment=environment, network=PolicyConfig(width=width))
    return [PPOController(task.space, config, seed=seed).network for seed in range(count)]


@pytest.mark.parametrize("allow_stop", [False, True])
def test_scores_are_those_of_the_numpy_environment(synthetic, allow_stop):
    task = synthetic["synthetic-0"]
    environment = ImprovementConfig(horizon=6, backtrack=1, allow_stop=allow_stop)
    (network,) = networks(task, 1, environment)
    held = HeldEvaluation([task], environment, starts=16, seed=3)(stack_networks([network]))

    rng = generator(3, "held evaluation")
    starts = rng.choice(task.space.size, 16, replace=False)
    uniform = rng.random((6, 16), dtype=np.float32)
    core = make_core(TableScorer(task, "log-rank"), environment)
    state = core.reset(16, rng, task.space.from_index(starts))
    best, last, running = state.best, state.scores, np.ones(16, dtype=bool)
    for row in uniform:
        with torch.no_grad():
            logits = network(torch.from_numpy(core.observe(state)))[0].double().numpy()
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        total = (chances / chances.sum(axis=1, keepdims=True)).cumsum(axis=1)
        state, _, ended = core.step(state, (total <= row[:, None]).sum(axis=1))
        best = np.where(running, state.best, best)
        last = np.where(running, state.scores, last)
        running &= ~ended
    assert held.best[0] == pytest.approx(best.mean(), abs=1e-9)
    assert held.last[0] == pytest.approx(last.mean(), abs=1e-9)
    by_rank = np.sort(task.scores)[::-1]
    metric = by_rank[np.round(10.0**-best).astype(int) - 1].mean()
    assert held.best_metric[0] == pytest.approx(metric)


def test_each_policy_is_judged_on_its_own_task_from_the_same_starts(synthetic):
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-1"], synthetic["synthetic-0"]]
    environment = ImprovementConfig(horizon=5)
    first, second = networks(tasks[0], 2, environment)
    stack = stack_networks([first, second, second])
    together = HeldEvaluation(tasks, environment, starts=32)(stack)
    stack.release()
    for k, (task, network) in enumerate(zip(tasks, (first, second, second), strict=True)):
        alone = HeldEvaluation([task], environment, starts=32)(stack_networks([network]))
        assert together.best[k] == pytest.approx(alone.best[0])
        assert together.last_metric[k] == pytest.approx(alone.last_metric[0])


def test_what_was_not_measured_counts_as_the_worst(synthetic):
    task = synthetic["synthetic-0"]
    scores = task.scores.copy()
    scores[::2] = np.nan
    half = TabularTask("half", task.space, scores, task.metric)
    environment = ImprovementConfig(horizon=3)
    held = HeldEvaluation([half], environment, starts=64)(
        stack_networks(networks(task, 1, environment))
    )
    assert np.isfinite([held.best[0], held.best_metric[0], held.last_metric[0]]).all()


def test_it_reads_whole_tables_and_so_never_during_a_search(synthetic):
    task = synthetic["synthetic-0"]
    with task.sealed(), pytest.raises(LeakageError):
        HeldEvaluation([task], ImprovementConfig())


def test_wrong_use_is_said(synthetic):
    task = synthetic["synthetic-0"]
    environment = ImprovementConfig(horizon=3)
    with pytest.raises(InvalidArgumentError, match="ConstructionConfig"):
        HeldEvaluation([task], ConstructionConfig())
    for starts in (0, task.space.size + 1):
        with pytest.raises(InvalidArgumentError, match="starts"):
            HeldEvaluation([task], environment, starts=starts)
    with pytest.raises(InvalidArgumentError, match="2 policies"):
        HeldEvaluation([task], environment)(stack_networks(networks(task, 2, environment)))
