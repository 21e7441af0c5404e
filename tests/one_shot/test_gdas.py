"""GDAS: one operation an edge, a gradient for all, a falling temperature."""

import numpy as np
import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.one_shot import GDAS
from rlnas.one_shot.gdas import GDASTraining
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")


def test_one_operation_an_edge_is_computed_and_all_have_a_gradient(examples):
    training = GDASTraining(MICRO, examples, 0, GDAS(batch_size=16, steps=3))
    mix = training.mix(0, "weights")
    assert (mix.active.sum(axis=1) == 1).all()
    assert torch.allclose(mix.weights.detach(), torch.from_numpy(mix.active).float())
    loss = training.loss(*training._held(0), mix)
    (gradient,) = torch.autograd.grad(loss, training.alpha)
    assert (gradient != 0).sum() > 6


def test_draws_are_of_the_step_and_follow_alpha(examples):
    training = GDASTraining(MICRO, examples, 0, GDAS(batch_size=16, steps=400))
    np.testing.assert_array_equal(training.mix(3, "a").active, training.mix(3, "a").active)
    assert (training.mix(3, "a").active != training.mix(4, "a").active).any()
    assert (training.mix(3, "a").active != training.mix(3, "b").active).any()
    with torch.no_grad():
        training.alpha[:, 2] = 2.0
    drawn = np.mean([training.mix(n, "a").active[:, 2].mean() for n in range(300)])
    assert drawn == pytest.approx(np.exp(2) / (np.exp(2) + 3), abs=0.04)


def test_a_search_ends_in_a_query(make_searched):
    assert len(GDAS(batch_size=16, steps=4).search(make_searched(), 2).records) == 1
    with pytest.raises(InvalidArgumentError, match="last_temperature"):
        GDAS(last_temperature=0)
