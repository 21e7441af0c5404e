"""Sources as proxies: those that order the target well lead, and a misleading one does not."""

import pytest

from rlnas.agents import PPOController
from rlnas.search import get_searcher
from rlnas.testing import check_transfer_method
from rlnas.transfer import Source


@pytest.fixture
def sources(synthetic, negated):
    """Return a source like the target and its reversal."""
    controller = PPOController(synthetic.space)
    task = synthetic["synthetic-1"]
    return [Source("same", controller, task), Source("negated", controller, negated(task))]


def test_it_keeps_the_contract_and_leaks_nothing(synthetic):
    controller = PPOController(synthetic.space)
    others = [Source(n, controller, synthetic[n]) for n in ("synthetic-0", "synthetic-2")]
    check_transfer_method(
        lambda: get_searcher("proxybo-sources", sources=others), synthetic["synthetic-1"]
    )


def test_influence_goes_to_the_source_that_is_alike(synthetic, sources):
    searcher = get_searcher("proxybo-sources", sources=sources, initial=5)
    result = searcher.search(synthetic["synthetic-1"], 15)
    notes = result.records[-1].notes
    assert notes["ability/source/same"] == 1
    assert notes["ability/source/negated"] == 0
    assert notes["influence/source/same"] > 0.9
    assert result.options["initial"] == 5
    assert synthetic["synthetic-1"].rank(result.best.score) == 1
