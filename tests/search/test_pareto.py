"""The front of a search: who is on it, in which order, and its volume."""

import math

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import RandomSearch
from rlnas.spaces import CellSpace
from rlnas.tasks import Evaluation, make_task
from rlnas.tasks.proxies import ProxyColumns

TINY = CellSpace("tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"])


@pytest.fixture
def result():
    def evaluate(text):
        if text.count("skip") == 3:
            raise RuntimeError("lost")
        return Evaluation(-float(text.count("none")))

    return RandomSearch().search(make_task(TINY, evaluate, metric="error", direction="min"), 27)


def test_a_front_holds_what_nothing_beats_cheapest_first(result):
    convolutions = np.array([r.architecture.count("conv") for r in result.records])
    front = result.pareto({"convolutions": convolutions})
    # With fewer than one convolution the best has a "none": skip, skip, skip has failed.
    assert front.costs["convolutions"].tolist() == [0, 1]
    assert front.scores.tolist() == [-1, 0]
    frame = front.to_frame()
    assert list(frame.columns) == ["architecture", "query", "score", "value", "convolutions"]
    assert frame["value"].tolist() == [1, 0]
    assert len(front) == 2


def test_costs_come_from_a_source_too(result):
    source = ProxyColumns(TINY, {"size": (TINY.arrays == 2).sum(axis=1) + 1.0})
    front = result.pareto(source, ("size",))
    assert front.costs["size"].tolist() == [1, 2]
    with pytest.raises(InvalidArgumentError, match="no cost 'macs'; known are size"):
        result.pareto(source)


def test_an_unknown_cost_keeps_a_query_off_the_front(result):
    sizes = np.where([r.score == 0 for r in result.records], math.nan, 1.0)
    assert result.pareto({"size": sizes}).scores.tolist() == [-1]


def test_the_volume_needs_a_reference_of_the_same_names(result):
    front = result.pareto({"size": np.ones(27)})
    with pytest.raises(InvalidArgumentError, match="names size; expected score, size"):
        front.hypervolume({"size": 3})
    pytest.importorskip("moocore")
    assert front.hypervolume({"size": 3, "score": -2}) == 4  # (3 − 1)(0 + 2)


@pytest.mark.parametrize("costs", [{}, {"score": np.ones(27)}, {"size": np.ones(3)}])
def test_costs_that_fit_no_search_are_refused(result, costs):
    with pytest.raises(InvalidArgumentError):
        result.pareto(costs)
