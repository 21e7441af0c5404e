"""Searches of a transfer method in one batch: each as if it were alone, and blind to the others."""

import numpy as np
import pytest

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController
from rlnas.agents.config import ActingConfig
from rlnas.agents.targets.acting import Cohort
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.seeding import generator
from rlnas.tasks import Budget, TabularTask, make_task
from rlnas.transfer import Scratch, WeightInitialization, ZeroShot

METHODS = {
    "scratch": lambda controller: Scratch(controller.config),
    "zero-shot": ZeroShot,
    "weight-init": WeightInitialization,
}
# A transformer's steps take long, and all of them are alike.
SHORT = FineTuningConfig(n_epochs=3, rehearsal_rollouts=3)
BRIEF = {
    "scratch": lambda controller: Scratch(controller.config, SHORT),
    "zero-shot": ZeroShot,
    "weight-init": lambda controller: WeightInitialization(controller, fine_tuning=SHORT),
}


def architectures(result):
    return [record.architecture for record in result.records]


def with_cost(task, seconds):
    return TabularTask(
        f"{task.name}-{seconds}",
        task.space,
        task.scores,
        task.metric,
        costs=np.full(task.space.size, seconds),
    )


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
@pytest.mark.parametrize("method", METHODS)
def test_a_search_in_a_batch_is_the_search_alone(method, kind, sources, synthetic):
    searcher = (BRIEF if kind == "transformer" else METHODS)[method](sources[kind])
    assert searcher.side_by_side
    tasks = [synthetic[f"synthetic-{i}"] for i in (1, 2, 3, 1)]
    seeds = [0, 1, 2, 3]
    together = searcher.search_many(tasks, 25, seeds)
    for task, seed, result in zip(tasks, seeds, together, strict=True):
        alone = searcher.search(task, 25, seed)
        assert architectures(result) == architectures(alone)
        assert result.options == alone.options


@pytest.mark.parametrize("method", METHODS)
def test_a_search_does_not_see_its_neighbours(method, sources, synthetic):
    searcher = METHODS[method](sources["mlp"])
    task = synthetic["synthetic-1"]
    rng = np.random.default_rng(0)
    noise = TabularTask(
        "synthetic/noise", task.space, rng.normal(size=task.space.size), task.metric
    )
    first = searcher.search_many([task, synthetic["synthetic-2"]], 30, [0, 1])
    second = searcher.search_many([task, noise], 30, [0, 1])
    assert architectures(first[0]) == architectures(second[0])
    assert architectures(first[1]) != architectures(second[1])


@pytest.mark.parametrize("method", METHODS)
def test_searches_may_end_at_different_times(method, sources, synthetic):
    """A budget in cost lets a cheap target be searched longer than a dear one."""
    base = synthetic["synthetic-1"]
    tasks = [with_cost(base, seconds) for seconds in (1.0, 5.0, 2.0)]
    searcher = METHODS[method](sources["mlp"])
    together = searcher.search_many(tasks, Budget(cost=60.0), [0, 0, 0])
    assert [len(result.records) for result in together] == [60, 12, 30]
    for task, result in zip(tasks, together, strict=True):
        assert architectures(result) == architectures(searcher.search(task, Budget(cost=60.0), 0))


@pytest.mark.parametrize("method", METHODS)
def test_failures_count_for_their_own_search_alone(method, sources, synthetic):
    space = synthetic.space

    def broken(architecture):
        raise RuntimeError("out of memory")

    searcher = METHODS[method](sources["mlp"])
    good, bad = searcher.search_many(
        [synthetic["synthetic-1"], make_task(space, broken)], 20, [0, 0]
    )
    assert not any(record.evaluation.failed for record in good.records)
    assert [record.evaluation.failed for record in bad.records] == [True] * 20
    assert architectures(good) == architectures(searcher.search(synthetic["synthetic-1"], 20, 0))


def test_construction_searches_side_by_side_too(synthetic):
    config = ControllerConfig(environment=ConstructionConfig())
    controller = PPOController(synthetic.space, config, seed=0)
    tasks = [synthetic["synthetic-0"], synthetic["synthetic-1"]]
    for searcher in (ZeroShot(controller), Scratch(config, FineTuningConfig())):
        together = searcher.search_many(tasks, 15, [0, 1])
        alone = [searcher.search(task, 15, seed) for task, seed in zip(tasks, [0, 1], strict=True)]
        assert [architectures(r) for r in together] == [architectures(r) for r in alone]


def cohort(tasks, budget, patience, *, horizon=20):
    ledgers = [task.ledger(budget) for task in tasks]
    rngs = [generator(seed, "test") for seed in range(len(tasks))]
    environment = ImprovementConfig(horizon=horizon)
    return Cohort(environment, ActingConfig(patience=patience), ledgers, rngs), ledgers


def test_a_search_without_new_queries_leaves_after_its_patience(synthetic):
    searches, ledgers = cohort([synthetic["synthetic-1"]] * 2, 50, patience=5)
    stop = searches.core.layout.actions - 1  # does nothing where an episode may not be stopped
    steps = 0
    while len(searches.rows):
        edit = searches.core.mask(searches.state).argmax(axis=1)
        actions = np.where(searches.rows == 0, stop, edit)
        searches.step(actions)
        searches.leave()
        steps += 1
        if 0 not in searches.rows:
            break
    assert ledgers[0].queries == 1  # its start
    assert steps == 5
    assert searches.rows.tolist() == [1]
    assert ledgers[1].queries == 1 + steps


def test_a_budget_of_one_is_spent_by_the_start(synthetic):
    searches, ledgers = cohort([synthetic["synthetic-1"]] * 3, 1, patience=5)
    assert len(searches.rows) == 0
    assert [ledger.queries for ledger in ledgers] == [1, 1, 1]
    for method in METHODS.values():
        controller = PPOController(synthetic.space, seed=0)
        (result,) = method(controller).search_many([synthetic["synthetic-1"]], 1, [0])
        assert len(result.records) == 1


def test_ended_episodes_begin_anew_from_their_own_generator(synthetic):
    searches, ledgers = cohort([synthetic["synthetic-1"]] * 2, 40, patience=100, horizon=3)
    twin, _ = cohort([synthetic["synthetic-1"]] * 2, 40, patience=100, horizon=3)
    for _ in range(3):
        for each in (searches, twin):
            _, ended = each.step(each.core.mask(each.state).argmax(axis=1))
    assert ended.all()
    assert (searches.state.steps == 0).all()
    np.testing.assert_array_equal(searches.state.vectors, twin.state.vectors)
    assert not (searches.state.vectors[0] == searches.state.vectors[1]).all()
    assert [ledger.queries for ledger in ledgers] == [5, 5]
