"""Selected source: it finds the source that helps, and does not hurt much where none does."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.testing import check_transfer_method
from rlnas.transfer.methods.selected_source import SelectedSource, best_queried, mixture
from rlnas.transfer.similarity import (
    HeadTransfer,
    PosteriorHead,
    SourceSelector,
)

SOURCES = ("rain-1", "sun-2", "rain-2")


def test_the_method_keeps_the_contract(family, trained):
    sources = [trained[name] for name in SOURCES]
    check_transfer_method(
        lambda: SelectedSource(sources, SourceSelector(HeadTransfer(draws=30), probes=4)),
        family.tasks["sun-1"],
    )


def test_the_method_finds_the_source_that_helps(family, trained):
    sources, target = [trained[name] for name in SOURCES], family.tasks["sun-1"]
    method = SelectedSource(sources, SourceSelector(HeadTransfer("policies", draws=100)))
    results = method.search_many([target] * 6, 50, range(6))
    assert all(len(result.records) == 50 for result in results)
    assert sum(s.source.name == "sun-2" for s in method.selections) >= 5
    wrong = trained["rain-1"].controller.search_many([target] * 6, 50, range(6))
    rank = np.mean([np.log10(target.rank(r.best.score)) for r in results])
    assert rank < np.mean([np.log10(target.rank(r.best.score)) for r in wrong]) - 0.3


def test_a_useless_pool_does_not_hurt_much(family, trained):
    # Every source is of the other kind: the search must still climb, not get stuck on a choice.
    target = family.tasks["sun-1"]
    sources = [trained["rain-1"], trained["rain-2"]]
    results = SelectedSource(sources).search_many([target] * 6, 50, range(6))
    single = trained["rain-1"].controller.search_many([target] * 6, 50, range(6))
    rank = np.mean([np.log10(target.rank(r.best.score)) for r in results])
    assert rank < np.mean([np.log10(target.rank(r.best.score)) for r in single]) + 0.4


def test_a_mixture_of_policies_is_a_mixture():
    import torch

    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 2, 5, generator=generator).double()
    weights = torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]).double()
    found = mixture(logits, weights).exp()
    each = logits.softmax(dim=2)
    assert torch.allclose(found[0], (each[0, 0] + each[1, 0]) / 2)
    assert torch.allclose(found[1], each[2, 1])


@pytest.fixture
def sources(trained):
    return [trained[name] for name in SOURCES]


def test_episodes_begin_at_the_best_so_far(sources, family):
    task = family.tasks["sun-1"]
    selector = SourceSelector(PosteriorHead(draws=50))
    results = SelectedSource(sources, selector).search_many([task] * 4, 30, range(4))
    at_random = SelectedSource(sources, selector, start="random")
    others = at_random.search_many([task] * 4, 30, range(4))
    # The eleventh query is an edit of the best probe, or a start of its own.
    for result, other in zip(results, others, strict=True):
        best = max(result.records[:10], key=lambda record: record.score)
        assert (result.records[10].vector != best.vector).sum() == 1
        asked = [[r.architecture for r in found.records[:10]] for found in (result, other)]
        assert asked[0] == asked[1]
    ranks = [[task.rank(r.best.score) for r in found] for found in (results, others)]
    assert np.mean(ranks[0]) <= np.mean(ranks[1])
    with pytest.raises(InvalidArgumentError, match="start"):
        SelectedSource(sources, start="worst")
    ledger = task.ledger(3)
    assert best_queried(ledger, np.random.default_rng(0)).shape == (6,)
