"""Training between queries: at no query, on the search's own knowledge alone, and worth it."""

import dataclasses

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOConfig, PPOController
from rlnas.agents.engine import StackedPPO
from rlnas.agents.targets.fine_tuning import fine_tune_on_targets
from rlnas.agents.targets.rehearsal import Rehearsal
from rlnas.benchmarks import synthetic_suite
from rlnas.envs import ConstructionConfig
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

CONFIG = ControllerConfig()


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=4, correlation=0.5, seed=11)


def search(suite, fine_tuning, seeds, queries=50, models=None, tasks=None):
    """Return the ledgers of searches from new controllers."""
    tasks = tasks or [task for task in suite.values() for _ in seeds]
    numbers = list(seeds) * (len(tasks) // len(seeds))
    ledgers = [task.ledger(queries) for task in tasks]
    networks = [PPOController(suite.space, CONFIG, seed=s).network for s in numbers]
    fine_tune_on_targets(
        networks,
        CONFIG.environment,
        CONFIG.acting,
        CONFIG.ppo,
        fine_tuning,
        ledgers=ledgers,
        rngs=[generator(s, t.name) for s, t in zip(numbers, tasks, strict=True)],
        models=None if models is None else [models() for _ in ledgers],
    )
    return tasks, ledgers


def log_ranks(tasks, ledgers):
    return np.array(
        [np.log10(t.rank(float(led.scores().max()))) for t, led in zip(tasks, ledgers, strict=True)]
    )


class Table:
    """A model that knows the whole table: what rehearsal on perfect predictions can do."""

    def __init__(self, scores):
        self.mean = scores
        self.observed = []

    def observe(self, index, score):
        self.observed.append((index, score))


def test_rehearsal_costs_no_query_and_wins_queries(suite):
    found = {}
    for kind in ("none", "queried"):
        tasks, ledgers = search(suite, FineTuningConfig(rehearsal=kind), range(8))
        assert {len(ledger.records) for ledger in ledgers} == {50}
        found[kind] = log_ranks(tasks, ledgers).mean()
    assert found["queried"] < found["none"] - 0.15


def test_rehearsal_on_right_predictions_finds_the_best_at_once(suite):
    task = suite["synthetic-0"]
    models = []

    def model():
        models.append(Table(task.scores))
        return models[-1]

    fine_tuning = FineTuningConfig(rehearsal="predicted", rehearsal_rollouts=40)
    tasks, ledgers = search(suite, fine_tuning, range(4), 50, model, [task] * 4)
    assert log_ranks(tasks, ledgers).mean() < 0.7
    for own, ledger in zip(models, ledgers, strict=True):
        indices = suite.space.index(ledger.vectors()).tolist()
        seen = list(zip(indices, ledger.scores().tolist(), strict=True))
        assert own.observed == seen[: len(own.observed)]
        assert len(own.observed) >= 40  # all but what the last rollout asked


def test_a_search_rehearses_as_it_would_alone(suite):
    fine_tuning = FineTuningConfig()
    tasks, together = search(suite, fine_tuning, range(2), 24)
    _, alone = search(suite, fine_tuning, range(1), 24, tasks=[tasks[0]])
    assert [r.architecture for r in together[0].records] == [
        r.architecture for r in alone[0].records
    ]


def test_a_rehearsal_leaves_the_learner_where_it_was(suite):
    ledgers = [task.ledger(30) for task in list(suite.values())[:2]]
    rng = np.random.default_rng(0)
    for ledger in ledgers:
        start = suite.space.sample(1, rng)[0]
        ledger.query(start)
        for neighbour in suite.space.neighbours(start)[:10]:
            ledger.query(neighbour)
    networks = [PPOController(suite.space, CONFIG, seed=s).network for s in range(2)]
    from rlnas.agents.targets.acting import Cohort
    from rlnas.agents.targets.fine_tuning import LedgerStreams

    rngs = [generator(s) for s in range(2)]
    streams = LedgerStreams(Cohort(CONFIG.environment, CONFIG.acting, ledgers, rngs))
    config = FineTuningConfig()
    learner = StackedPPO(
        networks,
        streams,
        config.apply(CONFIG.ppo),
        [torch.Generator().manual_seed(s) for s in range(2)],
    )
    before = learner.stack.parameters.clone()
    queries = [len(ledger.records) for ledger in ledgers]
    hooks, updates = learner.hooks, learner.updates
    Rehearsal(config, CONFIG.environment, CONFIG.acting, CONFIG.ppo, ledgers=ledgers).practise(
        learner
    )
    assert learner.streams is streams
    assert learner.config == config.apply(CONFIG.ppo)
    assert (learner.hooks, learner.updates) == (hooks, updates)
    assert [len(ledger.records) for ledger in ledgers] == queries
    assert not torch.equal(before, learner.stack.parameters)


def test_what_cannot_be_rehearsed_is_said(suite):
    ledgers = [suite["synthetic-0"].ledger(5)]
    with pytest.raises(InvalidArgumentError, match="improvement"):
        Rehearsal(
            FineTuningConfig(), ConstructionConfig(), CONFIG.acting, CONFIG.ppo, ledgers=ledgers
        )
    with pytest.raises(InvalidArgumentError, match="0 models for 1"):
        Rehearsal(
            FineTuningConfig(rehearsal="predicted"),
            CONFIG.environment,
            CONFIG.acting,
            CONFIG.ppo,
            ledgers=ledgers,
        )
    for wrong in ({"rehearsal": "imagined"}, {"rehearsal_rollouts": 0}, {"rehearsal_envs": 0}):
        with pytest.raises(InvalidArgumentError, match="rehearsal"):
            FineTuningConfig(**wrong)


def test_the_construction_environment_does_not_rehearse_by_default(suite):
    config = ControllerConfig(environment=ConstructionConfig())
    ledger = suite["synthetic-1"].ledger(25)
    fine_tune_on_targets(
        [PPOController(suite.space, config).network],
        config.environment,
        config.acting,
        config.ppo,
        FineTuningConfig(),
        ledgers=[ledger],
        rngs=[generator(0)],
    )
    assert len(ledger.records) == 25


def test_a_rehearsal_has_whole_episodes():
    config = FineTuningConfig(rehearsal_envs=4).rehearse(PPOConfig(gamma=0.9), horizon=7)
    assert (config.num_envs, config.n_steps, config.batch_size, config.gamma) == (4, 7, 14, 0.9)
    assert config == dataclasses.replace(config, n_epochs=1)
