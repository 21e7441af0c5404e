"""DARTS: everything at once, and the architecture that α names."""

import numpy as np
import torch

from rlnas.one_shot import DARTS
from rlnas.one_shot.darts import DARTSTraining
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")


def test_all_operations_are_weighted_by_a_softmax_an_edge(examples):
    training = DARTSTraining(MICRO, examples, 0, DARTS(batch_size=16))
    mix = training.mix(0, "weights")
    assert mix.active.all()
    assert torch.allclose(mix.weights.sum(dim=1), torch.ones(6))


def test_the_query_is_what_alpha_names(make_searched):
    result = DARTS(batch_size=16, steps=4, alpha_rate=0.3).search(make_searched(), 5)
    (record,) = result.records
    alpha = np.array(result.options["alpha"])
    np.testing.assert_array_equal(record.vector, alpha.argmax(axis=1))
