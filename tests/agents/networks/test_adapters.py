"""Progressive networks: a new column beside frozen ones."""

import pytest
import torch

from rlnas.agents.engine.network_stack import AutogradStack
from rlnas.agents.networks import (
    build_progressive_network,
)


@pytest.fixture
def columns_of(make_multitask):
    """Return a maker of trained perceptrons, to stand beside a new one."""

    def make(count=2, activation="relu"):
        network = make_multitask("mlp", num_tasks=count, activation=activation)
        return [network.blended(network.one_hot(t)) for t in range(count)]

    return make


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_progressive_network_is_the_formula_of_the_paper(activation, observations, columns_of):
    columns = columns_of(activation=activation)
    network = build_progressive_network(columns, seed=3)
    assert network.activation == activation
    obs = observations(network.layout, 7)
    f = torch.relu if activation == "relu" else torch.tanh
    first = [f(c.encoder[0](obs)) for c in columns]
    second = [f(c.encoder[2](h)) for c, h in zip(columns, first, strict=True)]
    own = f(network.encoder[0](obs))
    u2, u3 = (
        a.weight.split(16, dim=1) for a in (network.policy_adapter, network.policy_head_adapter)
    )
    own = f(network.encoder[2](own) + sum(h @ u.T for h, u in zip(first, u2, strict=True)))
    expected = network.policy_head(own) + sum(h @ u.T for h, u in zip(second, u3, strict=True))
    legal = obs[:, network.layout.mask] > 0
    torch.testing.assert_close(network(obs)[0][legal], expected[legal])


def test_a_progressive_network_can_start_as_its_columns(observations, columns_of):
    columns = columns_of()
    obs = observations(columns[0].layout, 9)
    each = [c(obs)[0] for c in columns]
    legal = obs[:, columns[0].layout.mask] > 0
    for weights in ([1.0, 0.0], [0.25, 0.75]):
        logits, _ = build_progressive_network(columns, weights, seed=0)(obs)
        expected = sum(w * e for w, e in zip(weights, each, strict=True))
        torch.testing.assert_close(logits[legal], expected[legal], rtol=1e-4, atol=1e-5)


def test_columns_are_no_parameters_and_everything_else_learns(observations, columns_of):
    network = build_progressive_network(columns_of(), [0.5, 0.5], seed=0)
    assert not any(name.startswith("column") for name, _ in network.named_parameters())
    obs = observations(network.layout, 2, 40)
    stack = AutogradStack([network, build_progressive_network(columns_of(), [0.5, 0.5], seed=1)])
    logits, values = stack.differentiable(obs)
    stack.backward(torch.ones_like(logits) * (logits > -1e7), torch.ones_like(values))
    learning = {n for n, g in stack.views(stack.gradient).items() if g.abs().max() > 0}
    # The new column begins behind a head of zeros, which moves first.
    waiting = {n for n in stack.shapes if n.startswith(("encoder", "policy_adapter"))}
    assert learning == set(stack.shapes) - waiting
