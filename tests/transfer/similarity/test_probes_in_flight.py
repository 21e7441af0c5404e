"""Probes that are known beforehand are asked together where the objective can."""

import numpy as np
import pytest

from rlnas.tasks import Evaluation, Task
from rlnas.transfer.similarity import PosteriorHead, query_probes
from rlnas.transfer.similarity.evidence import gaussian_scores


class Looked:
    """Looks architectures up in a task, some at once, and keeps how many it was handed."""

    def __init__(self, task, in_flight):
        self.metric = task.metric
        self.in_flight = in_flight
        self.handed = []
        self._table = task.ledger(task.space.size)

    def evaluate(self, architecture):
        return Evaluation(self._table.query(architecture).score)

    def evaluate_many(self, architectures):
        self.handed.append(len(architectures))
        return [self.evaluate(architecture) for architecture in architectures]


@pytest.fixture
def target(family):
    task = family.tasks["sun-1"]

    def make(in_flight):
        objective = Looked(task, in_flight)
        return objective, Task("several", task.space, objective)

    return make


def test_a_design_is_asked_as_a_whole_within_the_budget(family, target):
    table = gaussian_scores(family.known("rain-1", "sun-2"), family.tasks["sun-1"].space)
    asked = []
    for in_flight in (1, 4):
        objective, task = target(in_flight)
        ledger = task.ledger(7)
        query_probes("mixed", table, ledger, np.random.default_rng(0), 10)
        assert ledger.exhausted
        asked.append([record.architecture for record in ledger])
        assert objective.handed == ([] if in_flight == 1 else [7])
    assert asked[0] == asked[1]


def test_the_favourites_of_the_policies_are_asked_together(family, target, trained):
    sources = [trained[name] for name in ("rain-1", "sun-2", "rain-2")]
    asked = []
    for in_flight in (1, 2):
        objective, task = target(in_flight)
        ledger = task.ledger(10)
        PosteriorHead().probe(sources, ledger, np.random.default_rng(0), 6)
        asked.append([record.architecture for record in ledger])
    assert objective.handed == [2, 1, 1, 1, 1]
    assert asked[0] == asked[1]
    objective, task = target(3)
    ledger = task.ledger(10)
    PosteriorHead().probe(sources, ledger, np.random.default_rng(0), 2)
    assert objective.handed == [2], "fewer probes than policies"
