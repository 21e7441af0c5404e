"""Shared weights as an evaluator: whose scores, on which examples, and what follows from them."""

import numpy as np
import torch

from rlnas.one_shot import RandomSharing, SharedPPO, SharedWeightsObjective, SinglePath
from rlnas.one_shot.shared_weights import PathTraining
from rlnas.spaces import get_space
from rlnas.tasks import Limit, Limits, Task
from rlnas.training.metrics import Meter

MICRO = get_space("transnas-micro")
FAST = {"batch_size": 16, "steps": 6, "looks": 12, "held": 32}


def test_a_score_is_that_of_the_network_taken_out_on_held_examples(examples):
    training = PathTraining(MICRO, examples, 0, RandomSharing(**FAST))
    for number in range(6):
        training.step(number)
    objective = SharedWeightsObjective(training)
    architecture = MICRO.parse("64-41414-3_33_132")
    own = training.network.take_out(architecture).eval()
    meter = Meter(examples.spec)
    with torch.no_grad():
        rows = training.rows((0.5, 1.0))
        inputs, targets = training.held(rows)
        meter.update(own(inputs), targets)
    found = objective.evaluate(architecture)
    assert found.score == meter.values()["metric"]
    assert "without training" in objective.metric.note
    assert objective.metric.name == "shared_valid_top1"
    assert len(SharedWeightsObjective(training, most=5)._batches[0][1]) == 5


def test_a_step_trains_one_path_alone(examples):
    training = PathTraining(MICRO, examples, 0, RandomSharing(**FAST))
    before = {name: p.detach().clone() for name, p in training.network.named_parameters()}
    training.step(0)
    moved = [n for n, p in training.network.named_parameters() if not torch.equal(p, before[n])]
    edges = {tuple(name.split(".")[4:6]) for name in moved if ".edges." in name}
    assert len({edge for edge, _ in edges}) == len(edges) <= 6


def test_the_best_looked_at_are_queried_first(make_searched):
    for searcher in (RandomSharing(**FAST), SinglePath(**FAST)):
        result = searcher.search(make_searched(), 3, seed=1)
        shared = [record.notes["shared_score"] for record in result.records]
        assert len(shared) == 3
        assert shared == sorted(shared, reverse=True)
        assert result.options["looked_at"]["queries"] == 12


def test_any_searcher_looks_at_a_task_of_shared_weights(make_searched):
    result = SharedPPO(**FAST).search(make_searched(), 2, seed=1)
    assert result.options["looked_at"]["searcher"] == "scratch"
    assert len(result.records) == 2


def test_limits_hold_for_what_is_looked_at(make_searched):
    class Convolutions:
        names, free = ("convolutions",), True

        def values(self, names, vectors):
            return np.sum(vectors > 1, axis=1)[None].astype(float)

    task = make_searched()
    task.limits = Limits(MICRO, [Limit("convolutions", 2, Convolutions())])
    result = RandomSharing(**FAST).search(task, 12, seed=1)
    assert max(np.sum(r.vector > 1) for r in result.records) <= 2
    assert result.options["refused"] == 0


def test_a_task_is_made_of_the_objective(examples):
    training = PathTraining(MICRO, examples, 0, RandomSharing(**FAST))
    task = Task("shared", MICRO, SharedWeightsObjective(training))
    assert len(RandomSharing(**FAST).looker().search(task, 4).records) == 4
