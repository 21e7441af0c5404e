"""The control: the same number of deletions at the same steps, by lot."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.one_shot import RandomDeletion
from rlnas.one_shot.random_deletion import RandomDeletionTraining
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")


def test_it_deletes_when_it_is_told_and_leaves_every_node_something(examples):
    options = RandomDeletion(batch_size=16, deletions=(2, 2, 5), steps=8)
    training = RandomDeletionTraining(MICRO, examples, 0, options)
    rows = [training.step(number) for number in range(6)]
    assert [row["deletions"] for row in rows] == [0, 2, 0, 0, 1, 0]
    weights = training.weights().numpy()
    for node in (1, 2, 3):
        own = weights[MICRO.positions[:, 1] == node]
        assert own.sum() == pytest.approx(1)
        assert len(np.unique(own[own > 0])) == 1


def test_which_ones_go_depends_on_the_seed(make_searched):
    def shapes(seed):
        options = RandomDeletion(batch_size=16, steps=12)
        return options.search(make_searched(), 2, seed=seed).options["shapes"]

    assert shapes(0) == shapes(0)
    ends = {str(shapes(seed)[-1]["genotype"]) for seed in range(4)}
    assert len(ends) > 1


def test_without_steps_of_its_own_it_shrinks_until_the_threshold(make_searched):
    result = RandomDeletion(batch_size=16, steps=40).search(make_searched(), 3)
    shapes = result.options["shapes"]
    assert shapes[-1]["entropy"] < 250 / 576 * shapes[0]["entropy"]


@pytest.mark.parametrize("wrong", [{"deletions": (0, 3)}, {"stop": 2}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        RandomDeletion(**wrong)
