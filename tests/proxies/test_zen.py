"""Zen against one convolution by hand, with and without batch normalisation."""

import math

import pytest
import torch
from torch import nn

from rlnas.seeding import torch_generator


def zen_inputs(shape):
    stream = torch_generator(0, "proxies", "zen", "inputs")
    return [torch.randn(16, *shape, generator=stream) for _ in range(2)]


def test_zen_of_one_convolution_is_the_size_of_its_weight(normal, value):
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.AdaptiveAvgPool2d(1))
    weight = torch.randn(1, generator=torch_generator(0, "proxies", "zen", "0"))
    _, noise = zen_inputs((1, 4, 4))
    expected = math.log(0.01 * abs(float(weight)) * float(noise.abs().sum()) / 16)
    batch = (normal(2, 1, 4, 4), None)
    assert value(network, "zen", batch) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("tracks", [True, False])
def test_zen_gives_back_the_scale_that_batch_normalisation_takes(tracks, normal, value):
    network = nn.Sequential(
        nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3, track_running_stats=tracks), nn.AdaptiveAvgPool2d(1)
    )
    weight = torch.randn(3, 2, 1, 1, generator=torch_generator(0, "proxies", "zen", "0"))
    x, noise = zen_inputs((2, 4, 4))
    first, second = (nn.functional.conv2d(v, weight) for v in (x, x + 0.01 * noise))
    variance = torch.ones(3)
    features = []
    for maps in (first, second):
        features.append(nn.functional.batch_norm(maps, None, None, training=True))
        variance = 0.9 * variance + 0.1 * maps.transpose(0, 1).flatten(1).var(1)
    distance = (features[0] - features[1]).abs().sum() / 16
    expected = float(distance.log() + variance.mean().sqrt().log())
    batch = (normal(2, 2, 4, 4), None)
    assert value(network, "zen", batch) == pytest.approx(expected, rel=1e-4)


def test_zen_does_not_depend_on_the_weights_it_is_given(normal, value):
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1))
    batch = (normal(2, 2, 4, 4), None)
    before = value(network, "zen", batch)
    with torch.no_grad():
        network[0].weight.mul_(100)
        network[1].running_var.fill_(7.0)
        network[1].weight.fill_(3.0)
    assert value(network, "zen", batch) == before
