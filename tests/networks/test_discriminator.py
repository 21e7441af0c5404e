"""The discriminator of the adversarial loss."""

import pytest
import torch

from rlnas.errors import InvalidArgumentError
from rlnas.networks import build_discriminator, count_parameters


def test_it_has_the_published_layers():
    discriminator = build_discriminator(6)
    # Weights and biases of 6→64→128→256 (5×5), →256→512→512 (3×3), →1 (3×3).
    widths = [6, 64, 128, 256, 256, 512, 512, 1]
    kernels = [5, 5, 5, 3, 3, 3, 3]
    pairs = zip(widths[:-1], widths[1:], kernels, strict=True)
    assert count_parameters(discriminator) == sum(b * (a * k * k + 1) for a, b, k in pairs)


@pytest.mark.parametrize("size", [10, 32, 64])
def test_one_logit_for_each_pair(size):
    out = build_discriminator(6, width=4)(torch.randn(3, 6, size, size))
    assert out.shape == (3,)
    out.sum().backward()


def test_its_layers_have_norm_one_from_the_start():
    discriminator = build_discriminator(6, width=8).eval()
    norms = [
        torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item()
        for layer in discriminator
        if hasattr(layer, "parametrizations")
    ]
    assert len(norms) == 6
    assert all(norm == pytest.approx(1, abs=0.1) for norm in norms)


def test_the_seed_decides_and_the_global_generator_does_not():
    x = torch.randn(2, 6, 32, 32)
    before = torch.random.get_rng_state()
    outputs = [build_discriminator(6, width=4, seed=s).eval()(x) for s in (1, 1, 2)]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


@pytest.mark.parametrize("wrong", [{"channels": 0}, {"channels": 6, "width": 0}])
def test_wrong_sizes_are_refused(wrong):
    with pytest.raises(InvalidArgumentError):
        build_discriminator(**wrong)
