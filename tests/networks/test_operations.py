"""The operations on edges: sizes that agree, pixels that are read, names that are known."""

import pytest
import torch

from rlnas.errors import UnknownNameError
from rlnas.networks import operation_names
from rlnas.networks.blocks import ResidualBlock, build_stem
from rlnas.networks.operations import EdgeShape, FactorizedReduce, build_operation


@pytest.mark.parametrize("name", operation_names())
@pytest.mark.parametrize("size", [1, 2, 5, 8, 11])
@pytest.mark.parametrize(
    ("channels", "stride"), [((4, 4), 1), ((4, 4), 2), ((4, 6), 1), ((4, 7), 2)]
)
def test_every_operation_gives_the_same_shape(name, size, channels, stride):
    shape = EdgeShape(channels_in=channels[0], channels_out=channels[1], stride=stride)
    out = build_operation(name, shape)(torch.randn(2, channels[0], size, size))
    side = (size + stride - 1) // stride
    assert out.shape == (2, channels[1], side, side)


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


def test_the_halves_of_a_factorized_reduction_read_different_pixels():
    reduce = FactorizedReduce(EdgeShape(channels_in=1, channels_out=2, stride=2)).eval()
    for convolution in (reduce.straight, reduce.shifted):
        torch.nn.init.ones_(convolution.weight)
    image = torch.arange(1.0, 26).reshape(1, 1, 5, 5)
    out = reduce(image)[0] * (1 + reduce.norm.eps) ** 0.5
    assert torch.allclose(out[0], image[0, 0, ::2, ::2])
    expected = torch.zeros(3, 3)
    expected[:2, :2] = image[0, 0, 1::2, 1::2]  # beyond the border there are zeros
    assert torch.allclose(out[1], expected)


def test_a_skip_is_an_identity_only_where_the_shape_stays():
    same = EdgeShape(channels_in=4, channels_out=4)
    assert isinstance(build_operation("skip_connect", same), torch.nn.Identity)
    wider = EdgeShape(channels_in=4, channels_out=8)
    assert isinstance(build_operation("skip_connect", wider), FactorizedReduce)


def test_the_average_pool_does_not_count_the_padding():
    pool = build_operation("avg_pool_3x3", EdgeShape(channels_in=1, channels_out=1))
    assert torch.allclose(pool(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))


@pytest.mark.parametrize("affine", [True, False])
def test_normalisation_takes_its_options(affine):
    shape = EdgeShape(channels_in=4, channels_out=8, affine=affine, track_running_stats=affine)
    norm = build_operation("nor_conv_3x3", shape)[2]
    assert (norm.weight is not None) is affine
    assert (norm.running_mean is not None) is affine


def test_an_unknown_operation_names_the_nearest():
    with pytest.raises(UnknownNameError, match="nor_conv_3x3"):
        build_operation("conv_3x3", EdgeShape(channels_in=1, channels_out=1))


@pytest.mark.parametrize(("strides", "side"), [((2, 2), 3), ((2, 1), 6), ((1, 1), 11), ((1,), 11)])
def test_the_stem_ends_at_the_width_whatever_its_strides(strides, side):
    stem = build_stem(3, 8, strides)
    assert stem(torch.randn(2, 3, 11, 11)).shape == (2, 8, side, side)
    assert stem[0].out_channels == (8 if len(strides) == 1 else 4)
