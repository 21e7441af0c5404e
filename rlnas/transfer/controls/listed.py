"""Searchers that ask from the top of a list and look at no score."""

from __future__ import annotations

import abc

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.search import Searcher
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger


class ListSearcher(Searcher):
    """Queries the architectures of a space in an order that was fixed before the first query.

    A subclass says in `values` what the order goes by. Among equals the seed decides: where many
    architectures share a value, one order of them would be one draw of luck.
    """

    control = True

    @abc.abstractmethod
    def values(self, space: SearchSpace) -> NDArray[np.float64]:
        """Return what each architecture is listed by, ``(space.size,)``, the largest first.

        NaN comes last.
        """

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        space = ledger.space
        if not space.indexable:
            raise InvalidArgumentError(
                f"{self.name} lists all architectures of a space; {space.name} has {space.size}, "
                "too many to be listed."
            )
        values = np.nan_to_num(self.values(space), nan=-np.inf)
        order = np.lexsort((rng.random(space.size), -values))
        for first in range(0, space.size, ledger.in_flight):
            if ledger.exhausted:
                return
            ledger.query_many(space.from_index(order[first : first + ledger.in_flight]))
