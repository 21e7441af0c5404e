"""The list by zero-cost proxies reads columns of proxies and no result."""

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from rlnas.benchmarks import load_suite, load_table
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError
from rlnas.search import get_searcher
from rlnas.testing import check_no_leakage, check_searcher
from rlnas.transfer.controls import proxy_list


def test_it_adds_the_ranks_of_proxies():
    suite, table = load_suite("rooms-micro"), load_table("rooms-micro")
    listed = get_searcher("proxy-rank-sum", suite="rooms-micro", proxies=("synflow", "zen"))
    values = listed.values(suite.space)
    wanted = np.zeros(suite.space.size)
    for proxy in ("synflow", "zen"):
        ranks = [rankdata(np.nan_to_num(table.scores(t, proxy), nan=-np.inf)) for t in suite]
        wanted += rankdata(np.mean(ranks, axis=0))
    assert spearmanr(values, wanted).statistic > 0.98


def test_it_is_a_searcher_and_sees_nothing_of_the_target():
    def make():
        return get_searcher("proxy-rank-sum", suite="rooms-micro")

    task = load_suite("rooms-micro")["normal"]
    check_searcher(make, task, budget=12)
    check_no_leakage(make, task, 30)


def test_what_is_missing_is_said(monkeypatch):
    task = load_suite("rooms-micro")["normal"]
    with pytest.raises(UnknownNameError, match="proxy of rooms-micro 'parametres'"):
        get_searcher("proxy-rank-sum", suite="rooms-micro", proxies=("parametres",)).search(task, 1)
    with pytest.raises(InvalidArgumentError, match="another space"):
        get_searcher("proxy-rank-sum", suite="rooms-macro").search(task, 1)
    monkeypatch.setattr(proxy_list, "load_proxies", lambda suite: {})
    with pytest.raises(DataError, match="suite=rooms-micro"):
        get_searcher("proxy-rank-sum").search(task, 1)
