"""Random search: the yardstick of every other searcher."""

from __future__ import annotations

import numpy as np

from rlnas.search.base import Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.tasks import QueryLedger


class RandomSearch(Searcher):
    """Queries distinct architectures drawn uniformly without replacement.

    Source: Li & Talwalkar, "Random search and reproducibility for neural architecture search",
    UAI 2019, arXiv 1902.07638, §3.

    Where the objective works on several architectures at once, so many are drawn and asked for
    together; which ones they are does not depend on that.

    Example:
        >>> from rlnas.spaces import get_space
        >>> from rlnas.tasks import make_task
        >>> task = make_task(get_space("transnas-micro"), lambda s: s.count("3"))
        >>> result = RandomSearch().search(task, budget=10, seed=0)
        >>> len(result.records), len({r.architecture for r in result.records})
        (10, 10)
    """

    name = "random"

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = UnseenSampler(ledger, rng)
        while architectures := sampler.draw_many(min(ledger.in_flight, ledger.remaining)):
            ledger.query_many(architectures)
