"""Jacov and EPE-NAS against loops over the examples' own gradients."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn


def test_jacov_of_examples_that_correlate_fully(normal, fill, value):
    """A linear network has the same gradient everywhere: eigenvalues B, 0, …, 0."""
    batch, epsilon = 4, 1e-5
    expected = -(math.log(batch + epsilon) + 1 / (batch + epsilon))
    expected -= (batch - 1) * (math.log(epsilon) + 1 / epsilon)
    network = fill(nn.Linear(6, 3))
    assert value(network, "jacov", (normal(batch, 6), None)) == pytest.approx(expected, rel=1e-6)


def jacobian_correlations(network, x):
    rows = []
    for i in range(len(x)):
        example = x[i : i + 1].clone().requires_grad_(True)
        network(example).sum().backward()
        rows.append(example.grad.flatten().double().numpy())
    return np.corrcoef(rows)


@pytest.mark.parametrize("outputs", [3, 120])
def test_jacov_and_epe_nas_against_loops(outputs, normal, fill, value):
    network = fill(nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, outputs)))
    x, labels = normal(9, 6), [0, 1, 2, 0, 1, 0, 3, 2, 1]
    correlations = jacobian_correlations(network, x)
    eigenvalues = np.linalg.eigvals(correlations).real + 1e-5
    expected = -np.sum(np.log(eigenvalues) + 1 / eigenvalues)
    assert value(network, "jacov", (x, None)) == pytest.approx(expected, rel=1e-4)

    sums = []
    for label in (0, 1, 2):  # 3 has one example
        members = [i for i, other in enumerate(labels) if other == label]
        pairs = itertools.product(members, members)
        total = sum(math.log(abs(correlations[i, j]) + 1e-5) for i, j in pairs)
        sums.append(total / len(members) if outputs > 100 else total)
    if outputs > 100:
        expected = sum(abs(a - b) for a in sums for b in sums) / len(sums)
    else:
        expected = sum(map(abs, sums))
    score = value(network, "epe_nas", (x, torch.tensor(labels)))
    assert score == pytest.approx(expected, rel=1e-3)
