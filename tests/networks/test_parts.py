"""The parts of networks: their names, their weights, and what they give."""

import pytest
import torch
from torch import nn

from rlnas.datasets.spec import table_spec, task_spec
from rlnas.errors import InvalidArgumentError
from rlnas.networks import SkeletonConfig, build_dense_network, build_network
from rlnas.networks.parts import network_parts, part_outputs
from rlnas.spaces import DenseSpace

SPACE = DenseSpace(3, [4, 8], ["relu"], skips=2)


def test_dense_networks_have_the_parts_of_their_space():
    spec = table_spec(features=5, outputs=2)
    for text in ("8-relu_identity_4-relu-s1-s2", "identity_identity_identity"):
        network = build_dense_network(SPACE, text, spec)
        parts = network_parts(network)
        assert tuple(parts) == SPACE.parts(SPACE.parse(text))
        inputs = torch.randn(3, 5)
        outputs = part_outputs(network, inputs)
        assert list(outputs) == list(parts)
        assert torch.equal(outputs["head"], network(inputs))
        weights = sum(w.numel() for part in parts.values() for w in part.weights)
        biases = sum(p.numel() for n, p in network.named_parameters() if n.endswith("bias"))
        assert weights + biases == network.parameters_in_use
    # The width of what its layer and its two skips give together.
    assert {
        len(w)
        for w in network_parts(build_dense_network(SPACE, "8-relu_identity_4-relu-s1-s2", spec))[
            "layer-3"
        ].weights
    } == {4}


def test_networks_for_images():
    spec = task_spec("class_object", outputs=3, image_size=16)
    config = SkeletonConfig(width=4, stem_strides=(1, 2), modules="41", cells_per_module=1)
    network = build_network("transnas-micro", "64-41414-3_12_130", spec, config).eval()
    parts = network_parts(network)
    assert list(parts) == ["stem", "cell-1", "cell-2", "head"]
    inputs = torch.randn(2, 3, 16, 16)
    assert torch.allclose(part_outputs(network, inputs)["head"], network(inputs))


def test_any_other_module():
    module = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert list(network_parts(module)) == ["0", "2"]
    with pytest.raises(InvalidArgumentError, match="Sequential"):
        part_outputs(module, torch.zeros(1, 3))
