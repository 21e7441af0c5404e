"""Transfer by a posterior, with and without policies that propose."""

import numpy as np
import pytest

from rlnas.agents import ControllerConfig, PPOConfig, PPOController
from rlnas.benchmarks import synthetic_suite
from rlnas.envs import ConstructionConfig
from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.posterior import PosteriorConfig
from rlnas.spaces import get_space
from rlnas.tasks import TabularTask
from rlnas.testing import check_no_leakage, check_transfer_method
from rlnas.transfer import GuidedReuse, Source, TransferBO
from rlnas.transfer.similarity import PosteriorHead, SourceSelector

PPO = PPOConfig(num_envs=16, n_steps=20, batch_size=160, n_epochs=2)
METHODS = {
    "transfer-bo": lambda sources: TransferBO(sources, choose=False),
    "guided-reuse": lambda sources: GuidedReuse(sources, choose=False, episodes=2),
    "guided selection": lambda sources: GuidedReuse(
        sources,
        choose=False,
        episodes=2,
        selector=SourceSelector(PosteriorHead(draws=50), 4, mode="mix"),
    ),
    "random proposals": lambda sources: GuidedReuse(
        sources, choose=False, episodes=2, proposals="random"
    ),
}


@pytest.fixture(scope="module")
def suite():
    return synthetic_suite(num_tasks=3, correlation=0.6, seed=21)


@pytest.fixture(scope="module")
def controllers(suite):
    tasks = [suite["synthetic-0"], suite["synthetic-1"]]
    return PPOController.train_many(tasks, 6_400, config=ControllerConfig(ppo=PPO), device="cpu")


@pytest.fixture(scope="module")
def sources(suite, controllers):
    names = ("synthetic-0", "synthetic-1")
    return [Source(n, c, suite[n]) for n, c in zip(names, controllers, strict=True)]


@pytest.mark.parametrize("method", METHODS)
def test_methods_conform(method, sources, suite):
    check_transfer_method(lambda: METHODS[method](sources), suite["synthetic-2"])


@pytest.mark.parametrize("method", METHODS)
def test_no_leakage_at_the_usual_budget(method, sources, suite):
    check_no_leakage(lambda: METHODS[method](sources), suite["synthetic-2"], 50, seed=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("queries", [1, 2, 11])
def test_the_budget_is_spent_exactly(method, queries, sources, suite):
    result = METHODS[method](sources).search(suite["synthetic-2"], queries)
    assert len({record.architecture for record in result.records}) == queries


@pytest.mark.parametrize("method", METHODS)
def test_it_wins_where_the_sources_tell_much(method, sources, suite):
    task = suite["synthetic-2"]
    results = METHODS[method](sources).search_many([task] * 4, 30, range(4))
    ranks = [task.rank(result.best.score) for result in results]
    assert np.mean(ranks) < 20  # a random search of 30 comes to about 130


@pytest.mark.parametrize("method", METHODS)
def test_it_is_not_lost_where_the_sources_mislead(method, controllers, suite):
    """Sources whose order is the target's reversed: the posterior has to turn round."""
    task = suite["synthetic-2"]
    wrong = TabularTask("wrong/reversed", suite.space, -task.scores, task.metric)
    sources = [Source("reversed", controllers[0], wrong)]
    results = METHODS[method](sources).search_many([task] * 4, 40, range(4))
    ranks = [task.rank(result.best.score) for result in results]
    assert np.mean(ranks) < 100  # as a random search of 40


def test_a_search_does_not_depend_on_those_beside_it(sources, suite):
    other = synthetic_suite(num_tasks=1, seed=22)["synthetic-0"]
    for method in METHODS.values():
        tasks = [suite["synthetic-2"], other]
        together = method(sources).search_many(tasks, 12, [3, 4])[0]
        alone = method(sources).search(tasks[0], 12, 3)
        assert [r.architecture for r in together.records] == [r.architecture for r in alone.records]


def test_a_failed_query_is_recorded_and_the_search_goes_on(sources, suite):
    task = suite["synthetic-2"]
    scores = task.scores.copy()
    scores[np.argsort(-scores)[:2000]] = np.nan  # all that it would like to ask
    broken = TabularTask("broken/half", suite.space, scores, task.metric)
    result = TransferBO(sources, choose=False).search(broken, 30)
    assert len(result.records) == 30
    assert any(record.evaluation.failed for record in result.records)


def test_the_prior_is_stated(sources):
    prior = PosteriorConfig(noise=0.7)
    options = GuidedReuse(sources, choose=False, priors=(prior,)).options()
    assert options["prior"]["noise"] == 0.7
    assert options["sources"] == ["synthetic-0", "synthetic-1"]


def test_what_cannot_be_used_is_said(sources, suite, controllers):
    with pytest.raises(InvalidArgumentError, match="no source"):
        TransferBO([])
    with pytest.raises(InvalidArgumentError, match="results of the source tasks bare"):
        TransferBO([Source("bare", controllers[0])])
    with pytest.raises(InvalidArgumentError, match="episodes"):
        GuidedReuse(sources, choose=False, episodes=0)
    other = synthetic_suite(get_space("nasbench-201"), num_tasks=1)
    with pytest.raises(InvalidArgumentError, match="nasbench-201"):
        TransferBO(sources, choose=False).search(next(iter(other.values())), 5)
    building = PPOController(suite.space, ControllerConfig(environment=ConstructionConfig()))
    with pytest.raises(InvalidArgumentError, match="improve"):
        GuidedReuse([Source("built", building, suite["synthetic-0"])], choose=False)


def test_only_selected_policies_propose(trained_sources, family):
    """With the selector the search begins with its probes, which count."""
    task = family.tasks["sun-1"]
    selector = SourceSelector(PosteriorHead(draws=50), 6)
    result = GuidedReuse(trained_sources, selector=selector).search(task, 20)
    probes = task.ledger(6)
    PosteriorHead().probe(trained_sources, probes, np.random.default_rng(0), 6)
    asked = [record.architecture for record in result.records]
    assert asked[:6] == [record.architecture for record in probes.records]
    assert len(asked) == 20
    assert task.rank(result.best.score) < 20
