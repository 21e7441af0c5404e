"""Lists by size reach on the published tables what a list that nobody learnt reaches."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.networks import NetworkCounts
from rlnas.networks.costs import network_statistics
from rlnas.search import get_searcher
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import make_task
from rlnas.testing import check_no_leakage
from rlnas.transfer.controls.counts import MostParameters, published_counts


@pytest.mark.parametrize("name", ["transnas-micro", "transnas-macro", "nasbench-201"])
def test_counts_are_those_of_single_networks(name):
    space = get_space(name)
    spec = NetworkCounts.published(space).spec
    for index in (0, space.size // 3, space.size - 1):
        told = network_statistics(space, space.arrays[index], spec)
        assert published_counts(space, "parameters")[index] == told.parameters
        assert published_counts(space, "flops")[index] == told.flops


@pytest.mark.parametrize("name", ["most-parameters", "most-flops"])
def test_they_are_fixed_before_the_first_query(name, landscape):
    check_no_leakage(lambda: get_searcher(name), landscape(get_space("transnas-micro")), 40)


def test_a_space_without_networks_is_refused():
    space = CellSpace("strange", [(0, 1)], ["none", "warp"], none="none")
    with pytest.raises(InvalidArgumentError, match="strange cannot be counted"):
        MostParameters().search(make_task(space, lambda text: 1.0), 1)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "suite_name", "low", "high"),
    [
        ("most-parameters", "transnas-micro", 36.0, 38.0),
        ("most-parameters", "transnas-macro", 13.0, 15.5),
        ("most-flops", "transnas-macro", 5.8, 6.0),
        ("most-flops", "nasbench-201", 24.3, 24.4),
    ],
)
def test_where_they_end_after_fifty_queries(name, suite_name, low, high, real_suite):
    suite = real_suite(suite_name)
    ranks = [
        task.rank(get_searcher(name).search(task, 50, seed).best.score)
        for task in suite.values()
        for seed in range(20)
    ]
    assert low < np.mean(ranks) < high
