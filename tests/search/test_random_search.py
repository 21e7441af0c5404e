"""Random search draws uniformly and without replacement, and ends."""

import math

import numpy as np

from rlnas.search import RandomSearch
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import CellSpace
from rlnas.tasks import make_task

LINE = CellSpace("line", [(0, 1), (1, 2), (2, 3), (3, 4)], ["a", "b", "c"])


class TestRandom:
    def test_every_architecture_is_as_likely(self):
        task = make_task(LINE, lambda text: 1.0)
        counts = np.zeros(LINE.size)
        for seed in range(600):
            for record in RandomSearch().search(task, 9, seed).records:
                counts[LINE.index(record.vector[None])[0]] += 1
        expected = 600 * 9 / LINE.size
        statistic = ((counts - expected) ** 2 / expected).sum()
        assert statistic < 80 + 5 * math.sqrt(160)

    def test_without_replacement_it_finds_the_only_good_one(self):
        task = make_task(LINE, lambda text: float(text == "c,c,c,c"))
        assert RandomSearch().search(task, LINE.size, seed=0).best.score == 1.0


class TestUnseen:
    def test_it_skips_what_others_queried_and_ends(self):
        ledger = make_task(LINE, lambda text: 1.0).ledger(LINE.size)
        sampler = UnseenSampler(ledger, np.random.default_rng(0))
        for vector in LINE.arrays[::2]:
            ledger.query(vector)
        drawn = []
        while (vector := sampler.draw()) is not None:
            assert ledger.seen(vector) is None
            ledger.query(vector)
            drawn.append(LINE.index(vector[None])[0])
        assert sorted(drawn) == list(range(1, LINE.size, 2))

    def test_it_offers_the_same_until_it_is_queried(self):
        ledger = make_task(LINE, lambda text: 1.0).ledger(5)
        sampler = UnseenSampler(ledger, np.random.default_rng(0))
        assert sampler.draw().tolist() == sampler.draw().tolist()

    def test_in_a_large_space_of_few_classes_it_ends(self):
        edges = [(i, i + 1) for i in range(24)]
        space = CellSpace("chain", edges, ["none", "conv"], none="none")  # nearly all are dead
        assert not space.indexable
        result = RandomSearch().search(
            make_task(space, lambda text: 1.0), 100, seed=0, canonical_free=True
        )
        assert 1 <= len(result.records) <= 2
