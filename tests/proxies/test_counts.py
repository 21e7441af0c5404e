"""Counts of weights and multiplications, and the norm of weights, against sums by hand."""

import math

import pytest
from torch import nn

from rlnas.proxies import score_proxies


def test_l2_norm_is_the_sum_of_the_layers_norms(normal, fill, value):
    network = fill(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten()))
    network.append(fill(nn.Linear(16, 2)))
    expected = sum(math.sqrt(float((network[i].weight.detach() ** 2).sum())) for i in (0, 3))
    assert value(network, "l2_norm", (normal(2, 3, 4, 4), None)) == pytest.approx(expected)


def test_params_and_flops_of_any_network(normal):
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU(), nn.Flatten())
    network.append(nn.Linear(16, 2))
    scores = score_proxies(network, (normal(2, 3, 4, 4), None), names=["params", "flops"])
    assert scores["params"].value == 4 * 27 + 34
    assert scores["flops"].value == 4 * 4 * 27 + 16 + 32
