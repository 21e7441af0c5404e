"""What may be queried: nothing that is known, nothing that is one query with it."""

import numpy as np

from rlnas.search.bayesian.candidates import Candidates
from rlnas.spaces import get_space
from rlnas.tasks import make_task

SPACE = get_space("transnas-micro")


def test_a_listed_space_loses_what_was_queried():
    for canonical_free in (False, True):
        ledger = make_task(SPACE, lambda text: 1.0).ledger(10, canonical_free=canonical_free)
        candidates = Candidates(ledger, np.random.default_rng(0), 10)
        assert len(candidates.open()) == SPACE.size
        ledger.query_many(SPACE.sample(5, np.random.default_rng(1)))
        left = candidates.open()
        assert all(ledger.seen(vector) is None for vector in left)
        unseen = sum(ledger.seen(vector) is None for vector in SPACE.arrays)
        assert len(left) == unseen
        chosen = left[0]
        after = candidates.without(left, chosen)
        assert all(ledger.key(vector) != ledger.key(chosen) for vector in after)


def test_a_pool_has_the_neighbours_of_the_best(large_space):
    ledger = make_task(large_space, lambda text: float(text.count("conv3x3"))).ledger(20)
    rng = np.random.default_rng(0)
    ledger.query_many(large_space.sample(8, rng))
    pool = Candidates(ledger, rng, 30).open()
    keys = {ledger.key(vector) for vector in pool}
    assert len(keys) == len(pool)
    assert all(ledger.key(n) in keys for n in large_space.neighbours(ledger.best.vector))
