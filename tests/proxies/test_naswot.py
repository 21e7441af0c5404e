"""NASWOT against a count of the rectifiers on which two examples agree."""

import math

import numpy as np
import pytest
import torch
from torch import nn


def test_naswot_counts_agreements_on_every_rectifier(normal, fill, value):
    network = fill(nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 7), nn.LeakyReLU(0.1)))
    x = normal(4, 5)
    hidden = network[0](x)
    codes = torch.cat([hidden > 0, network[2](hidden.relu()) > 0], dim=1).numpy()
    kernel = [[sum(a == b for a, b in zip(p, q, strict=True)) for q in codes] for p in codes]
    expected = math.log(abs(np.linalg.det(np.array(kernel, dtype=float))))
    assert value(network, "naswot", (x, None)) == pytest.approx(expected, rel=1e-6)
