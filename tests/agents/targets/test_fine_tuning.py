"""Learning on a target: what its queries may do."""

import numpy as np
import torch

from rlnas.search import get_searcher
from rlnas.spaces import DenseSpace
from rlnas.tasks import make_task


def test_an_objective_may_train_a_network():
    """A controller acts without gradients; what it asks for is not bound to that."""
    weight = torch.ones(3, requires_grad=True)

    def trained(text):
        weight.square().sum().backward()
        return float(len(text))

    task = make_task(DenseSpace(layers=2, widths=[8, 16]), trained)
    result = get_searcher("scratch").search(task, 12, seed=0)
    assert len(result.records) == 12
    assert np.isfinite(result.scores).all()
