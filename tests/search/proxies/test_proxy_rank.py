"""The list of proxies asks from its top and looks at no score."""

import numpy as np

from rlnas.search.proxies.proxy_rank import ProxyRank
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")


def test_it_asks_from_the_top(proxied):
    task = proxied()
    column = task.proxies.values(["good"], MICRO.arrays)[0]
    records = ProxyRank(proxies=("good",)).search(task, 20).records
    expected = MICRO.arrays[np.argsort(-column)[:20]]
    assert [r.architecture for r in records] == [MICRO.format(v) for v in expected]
