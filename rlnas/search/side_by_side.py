"""Searchers that run many searches in one batch."""

from __future__ import annotations

import abc
from collections.abc import Sequence

import numpy as np

from rlnas.search.base import Searcher
from rlnas.tasks import QueryLedger


class SideBySideSearcher(Searcher):
    """A searcher whose searches run in one batch; a single one is a batch of one.

    A subclass implements `_search_many`. One further down that says again how to search once is no
    longer side by side: what it inherits would pass its own way of searching by.
    """

    side_by_side = True

    def __init_subclass__(cls, **kwargs: object) -> None:
        """Notice where a subclass searches in its own way."""
        super().__init_subclass__(**kwargs)
        if "_search" in vars(cls) and "_search_many" not in vars(cls):
            cls.side_by_side = False

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        self._search_many([ledger], [rng])

    @abc.abstractmethod
    def _search_many(
        self, ledgers: Sequence[QueryLedger], rngs: Sequence[np.random.Generator]
    ) -> None:
        """Query each ledger, all on one space, until its budget is spent."""

    def _search_each(
        self, ledgers: Sequence[QueryLedger], rngs: Sequence[np.random.Generator]
    ) -> None:
        if self.side_by_side and ledgers:
            self._search_many(ledgers, rngs)
        else:
            super()._search_each(ledgers, rngs)
