"""Decoders: sizes, widths, and that each output pixel depends on the features."""

import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.networks.decoders import LightDecoder, generative_decoder, segmentation_decoder


@pytest.mark.parametrize("decoder", [segmentation_decoder, generative_decoder])
@pytest.mark.parametrize("doublings", [2, 3, 4, 5, 6])
def test_published_decoders_reach_the_image_from_every_map(decoder, doublings):
    sizes = [256 // 2**k for k in range(doublings + 1)]
    with torch.device("meta"):
        out = decoder(128, sizes, 3)(torch.empty(1, 128, sizes[-1], sizes[-1]))
    assert out.shape == (1, 3, 256, 256)


def test_published_decoders_have_the_published_layers():
    with torch.device("meta"):
        segmentation = segmentation_decoder(512, [256, 128, 64, 32, 16, 8], 17)
        generative = generative_decoder(512, [256, 128, 64, 32, 16, 8], 3)
    assert [layer[0].out_channels for layer in segmentation[:-1]] == [
        1024, 512, 256, 128, 64, 32, 32,
    ]  # fmt: skip
    assert len(segmentation) == 8
    # Fourteen convolutions, five of them transposed, and tanh.
    assert len(generative) == 15
    kinds = [isinstance(layer[0], torch.nn.ConvTranspose2d) for layer in generative[:-2]]
    assert [n + 1 for n, doubles in enumerate(kinds) if doubles] == [5, 7, 9, 11, 13]


@pytest.mark.parametrize("decoder", [segmentation_decoder, generative_decoder])
@pytest.mark.parametrize("sizes", [[8, 4], [256 // 2**k for k in range(8)], [33, 17, 9]])
def test_published_decoders_refuse_what_they_cannot_reach(decoder, sizes):
    with pytest.raises(InvalidArgumentError, match="decoder='light'"):
        decoder(8, sizes, 3)


@pytest.mark.parametrize(
    "sizes", [[32], [32, 16], [32, 16, 8], [32, 16, 8, 4], [33, 17, 9], [11, 6, 3, 2, 1]]
)
@pytest.mark.parametrize("width", [None, 4, 12])
def test_the_light_decoder_reaches_every_size(sizes, width):
    decoder = LightDecoder(24, sizes, 5, width=width)
    # Sixteen examples: in two, all four ReLUs behind some pixel are often off at once.
    features = torch.randn(16, 24, sizes[-1], sizes[-1], requires_grad=True)
    out = decoder(features)
    assert out.shape == (16, 5, sizes[0], sizes[0])
    assert decoder.layers[0][0].out_channels == (12 if width is None else width)
    # No pixel of the output is constant: each hangs on some feature.
    other = decoder(features + torch.randn(features.shape))
    assert (out != other).any(dim=0).any(dim=0).all()
    out.sum().backward()
    assert features.grad.abs().sum() > 0


def test_a_bounded_decoder_stays_within_one():
    decoder = LightDecoder(8, [32, 16, 8], 3, bounded=True)
    out = decoder(100 * torch.randn(2, 8, 8, 8))
    assert out.abs().max() <= 1


def test_a_light_decoder_costs_little_beside_the_published_one():
    sizes = [32, 16, 8, 4]
    light = sum(p.numel() for p in LightDecoder(32, sizes, 13).parameters())
    with torch.device("meta"):
        published = sum(p.numel() for p in segmentation_decoder(32, sizes, 13).parameters())
    assert light < published / 500
