"""The checks of searchers catch broken ones."""

import random

import numpy as np
import pytest

from rlnas.search import RandomSearch, Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import get_space
from rlnas.testing import ConformanceError, check_exhaustion, check_searcher


class GlobalRandomness(Searcher):
    name = "global"

    def _search(self, ledger, rng):
        while not ledger.exhausted:
            row = random.randrange(ledger.space.size)
            ledger.query(ledger.space.from_index([row])[0])


class Remembering(RandomSearch):
    """Continues where its last search ended."""

    name = "remembering"
    rounds = 0

    def _search(self, ledger, rng):
        self.rounds += 1
        super()._search(ledger, np.random.default_rng(self.rounds))


class Fragile(Searcher):
    """Takes it for granted that something succeeds."""

    name = "fragile"

    def _search(self, ledger, rng):
        sampler = UnseenSampler(ledger, rng)
        while not ledger.exhausted:
            ledger.query(sampler.draw())
            assert ledger.best.score is not None


class Lazy(Searcher):
    name = "lazy"

    def _search(self, ledger, rng):
        pass


class Secretive(RandomSearch):
    name = "secretive"

    def options(self):
        return {"rng": np.random.default_rng(0)}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (GlobalRandomness, "global random generator"),
        (Remembering, "other queries with the same seed"),
        (Fragile, "must not end a search"),
        (Lazy, "made 0 queries"),
        (Secretive, "JSON"),
    ],
)
def test_broken_searchers_are_caught(broken, message, landscape):
    with pytest.raises(ConformanceError, match=message):
        check_searcher(broken, landscape(get_space("transnas-macro")))


def test_a_searcher_that_gives_up_is_caught():
    with pytest.raises(ConformanceError, match="queried 0 of 27"):
        check_exhaustion(Lazy)
