"""The operations on edges: sizes that agree, pixels that are read, names that are known."""

import pytest
import torch

from rlnas.errors import UnknownNameError
from rlnas.networks import operation_names
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
