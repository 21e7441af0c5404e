"""The check of leakage catches searchers that peek."""

import re
from pathlib import Path

import numpy as np
import pytest

from rlnas.search import RandomSearch, Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import get_space
from rlnas.testing import ConformanceError, check_no_leakage


class Peeking(Searcher):
    """Reads the objective's table behind the ledger's back and starts at its best."""

    name = "peeking"

    def _search(self, ledger, rng):
        table = ledger._objective._scores
        for row in np.argsort(-np.nan_to_num(table))[:5]:
            ledger.query(ledger.space.from_index([row])[0])


class PeekingAtTheMean(RandomSearch):
    """Stops early by a quantile of the table: a leak through the stopping rule."""

    name = "peeking-at-the-mean"

    def _search(self, ledger, rng):
        goal = np.nanquantile(ledger._objective._scores, 0.9)
        sampler = UnseenSampler(ledger, rng)
        while not ledger.exhausted and (ledger.best is None or ledger.best.score < goal):
            ledger.query(sampler.draw())


@pytest.mark.parametrize("leaky", [Peeking, PeekingAtTheMean])
def test_leaks_are_caught(leaky, landscape):
    with pytest.raises(ConformanceError, match="nothing of its target but its own queries"):
        check_no_leakage(leaky, landscape(get_space("transnas-micro"), noise=1.0), 50, seed=0)


def test_every_door_that_the_docs_list_has_its_test():
    root = Path(__file__).parents[2]
    listed = re.findall(r"\| `(test_\w+)` \|$", (root / "docs/concepts.md").read_text(), re.M)
    assert len(listed) >= 9
    tests = "\n".join(path.read_text(encoding="utf-8") for path in root.glob("tests/**/test_*.py"))
    assert [name for name in listed if f"def {name}(" not in tests] == []
