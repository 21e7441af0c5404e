"""Weights by node and the sparsity entropy, against numbers by hand."""

import math

import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.one_shot import SNPS, RandomDeletion
from rlnas.one_shot.shrinking import node_weights, sparsity_entropy
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")
ENDS = torch.from_numpy(MICRO.positions[:, 1])
HEADS = (ENDS[:, None] == ENDS[None]).float()


def test_the_weights_of_a_node_sum_to_one_and_one_of_an_edge_need_not():
    alpha = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    alpha[0, 1] = 0.5
    present = torch.ones(6, 4)
    present[:, 0] = 0
    weights = node_weights(alpha, present, HEADS)
    for node in (1, 2, 3):
        own = torch.relu(alpha * present)[node == ENDS]
        assert torch.allclose(weights[node == ENDS], own / own.sum())
    assert (weights[:, 0] == 0).all()
    assert not torch.allclose(weights.sum(dim=1), torch.ones(6))


def test_a_node_without_a_positive_alpha_weighs_what_it_has_equally():
    alpha = torch.full((6, 4), -1.0)
    present = torch.ones(6, 4)
    present[0, :2] = 0
    weights = node_weights(alpha, present, HEADS)
    assert weights[0].tolist() == [0, 0, 0.5, 0.5]
    present[ENDS == 2] = 0
    assert (node_weights(alpha, present, HEADS)[ENDS == 2] == 0).all()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_entropy_of_a_node_with_equal_operations(count):
    weights = torch.zeros(1, 4)
    weights[0, :count] = 1 / count
    expected = count * math.log(1 + 50 / count)  # 3.93, 6.52, 8.61
    assert float(sparsity_entropy(weights)) == pytest.approx(expected, rel=1e-6)


def test_equal_weights_have_the_largest_entropy():
    equal = torch.full((1, 4), 0.25)
    uneven = torch.tensor([[0.4, 0.3, 0.2, 0.1]])
    assert sparsity_entropy(uneven) < sparsity_entropy(equal)


@pytest.mark.parametrize("search", [SNPS, RandomDeletion])
@pytest.mark.parametrize(
    "wrong",
    [{"learning_rate": 0}, {"learning_rate": math.nan}, {"weight_decay": -1}, {"clip": -2}],
)
def test_options_of_every_shrinking_search_are_refused_out_of_range(search, wrong):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        search(**wrong)
