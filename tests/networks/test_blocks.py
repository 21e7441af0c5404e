"""Residual blocks and stems: branches that agree in size, and widths as asked for."""

import pytest
import torch

from rlnas.networks.blocks import ResidualBlock, build_stem
from rlnas.networks.operations import EdgeShape


@pytest.mark.parametrize("shortcut", ["convolution", "pooling"])
@pytest.mark.parametrize("size", [5, 8])
def test_both_branches_of_a_residual_block_agree(shortcut, size):
    shape = EdgeShape(channels_in=4, channels_out=8, stride=2)
    out = ResidualBlock(shape, shortcut)(torch.randn(2, 4, size, size))
    assert out.shape == (2, 8, (size + 1) // 2, (size + 1) // 2)


def test_a_residual_block_that_keeps_its_shape_adds_its_input():
    block = ResidualBlock(EdgeShape(channels_in=4, channels_out=4)).eval()
    torch.nn.init.zeros_(block.second[1].weight)
    x = torch.randn(2, 4, 5, 5)
    assert torch.equal(block(x), x)


@pytest.mark.parametrize(("strides", "side"), [((2, 2), 3), ((2, 1), 6), ((1, 1), 11), ((1,), 11)])
def test_the_stem_ends_at_the_width_whatever_its_strides(strides, side):
    stem = build_stem(3, 8, strides)
    assert stem(torch.randn(2, 3, 11, 11)).shape == (2, 8, side, side)
    assert stem[0].out_channels == (8 if len(strides) == 1 else 4)
