"""Synflow against the sum over all paths of a network."""

import itertools
import math

import pytest
import torch
from torch import nn


def test_synflow_adds_up_the_paths_of_a_linear_network_once_for_each_layer(normal, fill, value):
    first, second = nn.Linear(3, 4, bias=False), nn.Linear(4, 2, bias=False)
    network = fill(nn.Sequential(first, second))
    paths = sum(
        abs(float(first.weight[h, i].detach() * second.weight[o, h].detach()))
        for i, h, o in itertools.product(range(3), range(4), range(2))
    )
    assert value(network, "synflow", (normal(2, 3), None)) == pytest.approx(math.log(2 * paths))


def test_synflow_sees_neither_signs_nor_batch_normalisation_nor_tanh(normal, fill, value):
    plain = fill(nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Flatten(), nn.Linear(16, 2)))
    dressed = nn.Sequential(plain[0], nn.BatchNorm2d(4), nn.ReLU(), plain[1], plain[2], nn.Tanh())
    dressed[1].running_var.fill_(100.0)
    batch = (normal(2, 3, 4, 4), None)
    expected = value(plain, "synflow", batch)
    assert value(dressed, "synflow", batch) == pytest.approx(expected)
    with torch.no_grad():
        plain[0].weight.neg_()
    assert value(plain, "synflow", batch) == pytest.approx(expected)
