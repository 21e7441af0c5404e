"""Each proxy against its formula, worked out another way on a small network."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from rlnas.proxies import score_proxies
from rlnas.seeding import torch_generator


def normal(*shape, name="x"):
    return torch.randn(shape, generator=torch_generator(0, "formulas", name))


def fill(network, scale=1.0):
    """Give a network weights that come from no global generator."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(scale * normal(*parameter.shape, name=name))
    return network


def value(network, proxy, batch=None, loss=nn.functional.mse_loss, seed=0):
    score = score_proxies(network, batch, names=[proxy], loss=loss, seed=seed)[proxy]
    assert not score.failed, score.failure
    return score.value


@pytest.fixture
def regression():
    """Return one linear layer, its inputs, targets, and the residuals' gradient for outputs."""
    layer = fill(nn.Linear(3, 2, bias=False))
    x, y = normal(5, 3), normal(5, 2, name="y")
    errors = 2 / 10 * (x @ layer.weight.detach().T - y)  # of the mean over 10 numbers
    return layer, x, y, errors


def test_l2_norm_is_the_sum_of_the_layers_norms():
    network = fill(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten()))
    network.append(fill(nn.Linear(16, 2)))
    expected = sum(math.sqrt(float((network[i].weight.detach() ** 2).sum())) for i in (0, 3))
    assert value(network, "l2_norm", (normal(2, 3, 4, 4), None)) == pytest.approx(expected)


def test_synflow_adds_up_the_paths_of_a_linear_network_once_for_each_layer():
    first, second = nn.Linear(3, 4, bias=False), nn.Linear(4, 2, bias=False)
    network = fill(nn.Sequential(first, second))
    paths = sum(
        abs(float(first.weight[h, i].detach() * second.weight[o, h].detach()))
        for i, h, o in itertools.product(range(3), range(4), range(2))
    )
    assert value(network, "synflow", (normal(2, 3), None)) == pytest.approx(math.log(2 * paths))


def test_synflow_sees_neither_signs_nor_batch_normalisation_nor_tanh():
    plain = fill(nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.Flatten(), nn.Linear(16, 2)))
    dressed = nn.Sequential(plain[0], nn.BatchNorm2d(4), nn.ReLU(), plain[1], plain[2], nn.Tanh())
    dressed[1].running_var.fill_(100.0)
    batch = (normal(2, 3, 4, 4), None)
    expected = value(plain, "synflow", batch)
    assert value(dressed, "synflow", batch) == pytest.approx(expected)
    with torch.no_grad():
        plain[0].weight.neg_()
    assert value(plain, "synflow", batch) == pytest.approx(expected)


def test_gradient_proxies_of_a_linear_regression(regression):
    layer, x, y, errors = regression
    weight, gradient = layer.weight.detach(), errors.T @ x
    batch = (x, y)
    assert value(layer, "grad_norm", batch) == pytest.approx(float(gradient.norm()), rel=1e-5)
    assert value(layer, "snip", batch) == pytest.approx(
        float((weight * gradient).abs().sum()), rel=1e-5
    )
    assert value(layer, "plain", batch) == pytest.approx(float((weight * gradient).sum()), rel=1e-4)


def test_grasp_of_a_linear_regression_has_the_known_hessian(regression):
    layer, x, y, errors = regression
    gradient = errors.T @ x
    # Each row of the weights has the Hessian 2/10 · XᵀX, and rows do not mix.
    product = gradient @ (2 / 10 * x.T @ x)
    expected = -float((layer.weight.detach() * product).sum())
    assert value(layer, "grasp", (x, y)) == pytest.approx(expected, rel=1e-4)


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


def test_fisher_is_the_loss_felt_by_a_mask_on_each_channel():
    network, x, y = fill(Masked(), 0.3), normal(5, 3, 4, 4), normal(5, 2, name="y")
    score = value(network, "fisher", (x, y))
    network.mask = torch.ones(5, 4, requires_grad=True)
    outputs = network(x)
    outputs.retain_grad()
    nn.functional.mse_loss(outputs, y).backward()
    conv = (network.mask.grad**2).mean(0).sum() / 2 * 27
    linear = ((outputs.detach() * outputs.grad) ** 2).mean(0).sum() / 2 * 16
    assert score == pytest.approx(float(conv + linear), rel=1e-4)


def test_jacov_of_examples_that_correlate_fully():
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
def test_jacov_and_epe_nas_against_loops(outputs):
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


def test_naswot_counts_agreements_on_every_rectifier():
    network = fill(nn.Sequential(nn.Linear(5, 12), nn.ReLU(), nn.Linear(12, 7), nn.LeakyReLU(0.1)))
    x = normal(4, 5)
    hidden = network[0](x)
    codes = torch.cat([hidden > 0, network[2](hidden.relu()) > 0], dim=1).numpy()
    kernel = [[sum(a == b for a, b in zip(p, q, strict=True)) for q in codes] for p in codes]
    expected = math.log(abs(np.linalg.det(np.array(kernel, dtype=float))))
    assert value(network, "naswot", (x, None)) == pytest.approx(expected, rel=1e-6)


def zen_inputs(shape):
    stream = torch_generator(0, "proxies", "zen", "inputs")
    return [torch.randn(16, *shape, generator=stream) for _ in range(2)]


def test_zen_of_one_convolution_is_the_size_of_its_weight():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.AdaptiveAvgPool2d(1))
    weight = torch.randn(1, generator=torch_generator(0, "proxies", "zen", "0"))
    _, noise = zen_inputs((1, 4, 4))
    expected = math.log(0.01 * abs(float(weight)) * float(noise.abs().sum()) / 16)
    batch = (normal(2, 1, 4, 4), None)
    assert value(network, "zen", batch) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("tracks", [True, False])
def test_zen_gives_back_the_scale_that_batch_normalisation_takes(tracks):
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


def test_zen_does_not_depend_on_the_weights_it_is_given():
    network = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), nn.AdaptiveAvgPool2d(1))
    batch = (normal(2, 2, 4, 4), None)
    before = value(network, "zen", batch)
    with torch.no_grad():
        network[0].weight.mul_(100)
        network[1].running_var.fill_(7.0)
        network[1].weight.fill_(3.0)
    assert value(network, "zen", batch) == before


def test_params_and_flops_of_any_network():
    network = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.ReLU(), nn.Flatten())
    network.append(nn.Linear(16, 2))
    scores = score_proxies(network, (normal(2, 3, 4, 4), None), names=["params", "flops"])
    assert scores["params"].value == 4 * 27 + 34
    assert scores["flops"].value == 4 * 4 * 27 + 16 + 32
