"""Guided reuse in which only selected policies propose."""

import numpy as np
import pytest

from rlnas.transfer import GuidedReuse
from rlnas.transfer.similarity import PosteriorHead, SourceSelector

SOURCES = ("rain-1", "sun-2", "rain-2")


@pytest.fixture
def sources(trained):
    return [trained[name] for name in SOURCES]


def probed(sources, task, queries, **options):
    ledger, rng = task.ledger(max(queries, 1)), np.random.default_rng(0)
    estimator = PosteriorHead(**options)
    estimator.probe(sources, ledger, rng, queries)
    return estimator, ledger


def test_only_selected_policies_propose(sources, family):
    """With the selector the search begins with its probes, which count."""
    task = family.tasks["sun-1"]
    selector = SourceSelector(PosteriorHead(draws=50), 6)
    result = GuidedReuse(sources, selector=selector).search(task, 20)
    _, probes = probed(sources, task, 6)
    asked = [record.architecture for record in result.records]
    assert asked[:6] == [record.architecture for record in probes.records]
    assert len(asked) == 20
    assert task.rank(result.best.score) < 20
