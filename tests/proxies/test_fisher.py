"""Fisher against the gradient of a mask on each channel."""

import pytest
import torch
from torch import nn


class Masked(nn.Module):
    """A convolution whose channels can be scaled for each example."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.linear = nn.Linear(16, 2)
        self.mask = None

    def forward(self, x):
        x = self.conv(x)
        x = x if self.mask is None else x * self.mask[:, :, None, None]
        return self.linear(x.relu().flatten(1))


def test_fisher_is_the_loss_felt_by_a_mask_on_each_channel(normal, fill, value):
    network, x, y = fill(Masked(), 0.3), normal(5, 3, 4, 4), normal(5, 2, name="y")
    score = value(network, "fisher", (x, y))
    network.mask = torch.ones(5, 4, requires_grad=True)
    outputs = network(x)
    outputs.retain_grad()
    nn.functional.mse_loss(outputs, y).backward()
    conv = (network.mask.grad**2).mean(0).sum() / 2 * 27
    linear = ((outputs.detach() * outputs.grad) ** 2).mean(0).sum() / 2 * 16
    assert score == pytest.approx(float(conv + linear), rel=1e-4)
