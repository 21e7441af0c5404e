"""Lists of the sources' results: the order, what they see, and where they end on real tables."""

import numpy as np
import pytest

from rlnas.agents import PPOController
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError
from rlnas.search import get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import TabularTask, make_task
from rlnas.testing import check_transfer_method
from rlnas.transfer import Source

LISTS = ("mean-source-score", "round-robin")


def pool(suite, target):
    controller = PPOController(suite.space)
    return [Source(name, controller, suite[name]) for name in suite if name != target]


@pytest.mark.parametrize("name", LISTS)
def test_they_keep_the_contract_and_see_nothing_of_the_target(name, synthetic):
    sources = pool(synthetic, "synthetic-1")
    check_transfer_method(lambda: get_searcher(name, sources=sources), synthetic["synthetic-1"])


def test_round_robin_takes_the_best_of_each_in_turn(synthetic):
    sources = pool(synthetic, "synthetic-1")
    result = get_searcher("round-robin", sources=sources).search(synthetic["synthetic-1"], 6)
    orders = [np.argsort(-source.scores) for source in sources]
    wanted = dict.fromkeys(int(order[place]) for place in range(4) for order in orders)
    space = synthetic.space
    assert space.index([r.vector for r in result.records]).tolist() == list(wanted)[:6]


def test_the_mean_is_over_ranks_so_no_scale_counts(synthetic):
    task = synthetic["synthetic-0"]
    stretched = TabularTask("s/stretched", task.space, np.exp(3 * task.scores), task.metric)
    controller, other = PPOController(task.space), synthetic["synthetic-2"]

    def asked(first):
        sources = [Source("a", controller, first), Source("b", controller, other)]
        found = get_searcher("mean-source-score", sources=sources).search(task_1, 20)
        return [r.architecture for r in found.records]

    task_1 = synthetic["synthetic-1"]
    assert asked(task) == asked(stretched)


def test_a_source_without_results_or_on_another_space_is_refused(synthetic):
    controller = PPOController(synthetic.space)
    with pytest.raises(InvalidArgumentError, match="not at hand"):
        get_searcher("round-robin", sources=[Source("a", controller)])
    method = get_searcher("round-robin", sources=pool(synthetic, "synthetic-1"))
    with pytest.raises(InvalidArgumentError, match="needs no sources, such as most-parameters"):
        method.search(make_task(get_space("transnas-macro"), lambda text: 1.0), 3)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "suite_name", "wanted"),
    [
        ("round-robin", "transnas-micro", 16.1),
        ("round-robin", "transnas-macro", 6.9),
        ("mean-source-score", "transnas-micro", 36.1),
        ("mean-source-score", "transnas-macro", 5.0),
    ],
)
def test_where_they_end_after_fifty_queries(name, suite_name, wanted, real_suite):
    suite = real_suite(suite_name)
    ranks = [
        suite[target].rank(
            get_searcher(name, sources=pool(suite, target)).search(suite[target], 50).best.score
        )
        for target in suite
    ]
    assert round(float(np.mean(ranks)), 1) == wanted


def test_what_was_not_measured_comes_last():
    suite = load_suite("synthetic-micro")
    task = suite["synthetic-0"]
    scores = task.scores.copy()
    best = int(np.argmax(scores))
    scores[best] = np.nan
    holed = TabularTask("s/holed", task.space, scores, task.metric)
    method = get_searcher("round-robin", sources=[Source("a", PPOController(task.space), holed)])
    first = method.search(suite["synthetic-1"], 1).records[0].vector
    assert task.space.index(first[None])[0] == int(np.nanargmax(scores))
