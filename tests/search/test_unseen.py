"""Drawing architectures that were not queried."""

import numpy as np
import pytest

from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import CellSpace
from rlnas.tasks import Task

TINY = CellSpace(
    "tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"], none="none", identity="skip"
)


@pytest.mark.parametrize("canonical_free", [False, True])
def test_many_are_drawn_as_single_draws_would_bring_them(canonical_free, rugged):
    drawn = []
    for count in (1, 5):
        ledger = Task("t", TINY, rugged()).ledger(TINY.size, canonical_free=canonical_free)
        sampler = UnseenSampler(ledger, np.random.default_rng(0))
        while some := sampler.draw_many(count):
            assert len(some) <= count
            assert [v.tolist() for v in some] == [v.tolist() for v in sampler.draw_many(count)]
            ledger.query_many(some)
        drawn.append(ledger.vectors().tolist())
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == (len(set(TINY.canonical_index)) if canonical_free else TINY.size)
