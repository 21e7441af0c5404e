"""Proxies of gradients against a linear regression, whose gradient and Hessian are known."""

import pytest
from torch import nn


@pytest.fixture
def regression(normal, fill):
    """Return one linear layer, its inputs, targets, and the residuals' gradient for outputs."""
    layer = fill(nn.Linear(3, 2, bias=False))
    x, y = normal(5, 3), normal(5, 2, name="y")
    errors = 2 / 10 * (x @ layer.weight.detach().T - y)  # of the mean over 10 numbers
    return layer, x, y, errors


def test_gradient_proxies_of_a_linear_regression(regression, value):
    layer, x, y, errors = regression
    weight, gradient = layer.weight.detach(), errors.T @ x
    batch = (x, y)
    assert value(layer, "grad_norm", batch) == pytest.approx(float(gradient.norm()), rel=1e-5)
    assert value(layer, "snip", batch) == pytest.approx(
        float((weight * gradient).abs().sum()), rel=1e-5
    )
    assert value(layer, "plain", batch) == pytest.approx(float((weight * gradient).sum()), rel=1e-4)


def test_grasp_of_a_linear_regression_has_the_known_hessian(regression, value):
    layer, x, y, errors = regression
    gradient = errors.T @ x
    # Each row of the weights has the Hessian 2/10 · XᵀX, and rows do not mix.
    product = gradient @ (2 / 10 * x.T @ x)
    expected = -float((layer.weight.detach() * product).sum())
    assert value(layer, "grasp", (x, y)) == pytest.approx(expected, rel=1e-4)
