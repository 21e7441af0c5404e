"""The first population is the head of the list, then evolution goes on."""

from rlnas.search.proxies.proxy_rank import ProxyRank
from rlnas.search.proxies.warm_evolution import WarmEvolution


def test_it_starts_from_the_list(proxied):
    options = {"proxies": ("good",)}
    head = ProxyRank(**options).search(proxied(), 10).records
    records = WarmEvolution(**options).search(proxied(), 40).records
    assert [r.architecture for r in records[:10]] == [r.architecture for r in head]
    for i, record in enumerate(records[10:], start=10):
        assert any((record.vector != p.vector).sum() == 1 for p in records[:i])
