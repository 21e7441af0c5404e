"""Every searcher under a limit: nothing over it is paid for, and the search comes to its end."""

import numpy as np
import pytest

from rlnas.search import SearchResult, get_searcher, searcher_names
from rlnas.search.registry import SEARCHERS
from rlnas.spaces import CellSpace
from rlnas.tasks import Limit, Limits, make_task
from rlnas.tasks.proxies import ProxyColumns

TINY = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)

LISTS = ("most-parameters", "most-flops", "proxy-rank-sum")
"""Know real spaces alone."""


def heavy(vectors):
    return 1.0 + np.sum(vectors == 2, axis=1)


def limited(free):
    task = make_task(TINY, lambda text: float(text.count("conv")) + len(text) / 100)
    source = ProxyColumns(TINY, {"heavy": heavy(TINY.arrays)})
    source.free = free
    task.limits = Limits(TINY, [Limit("heavy", 2, source)])
    return task


@pytest.mark.parametrize("free", [True, False], ids=["read", "measured"])
@pytest.mark.parametrize("budget", [6, 50])
@pytest.mark.parametrize(
    "name", [n for n in searcher_names() if not (n in LISTS or SEARCHERS.get(n).trains)]
)
def test_every_searcher_keeps_to_a_limit(name, budget, free, tmp_path):
    task = limited(free)
    result = get_searcher(name).search(task, budget, seed=1)
    assert len(result.records) == min(budget, int((heavy(TINY.arrays) <= 2).sum()))
    assert max(heavy(np.array([r.vector for r in result.records]))) <= 2
    assert not any(record.evaluation.failed for record in result.records)
    assert result.options["limits"] == {"heavy": 2}
    again = SearchResult.load(result.save(tmp_path / "result.parquet"))
    assert again.options["refused"] == result.options["refused"]
