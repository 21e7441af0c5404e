"""Networks for several tasks, and progressive ones: what they compute and what they fold into."""

import pytest
import torch

from rlnas.agents import PolicyConfig
from rlnas.agents.engine.network_stack import AutogradStack
from rlnas.agents.networks import (
    MLPNetwork,
    MultiTaskMLP,
    ProgressiveMLP,
    TransformerNetwork,
    build_multitask_network,
    build_policy,
    build_progressive_network,
    layout_of,
)
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import get_space

KINDS = ("mlp", "transformer")
SPACE = get_space("transnas-micro")


def config_of(kind, activation="relu"):
    return PolicyConfig(kind=kind, width=16, layers=1, activation=activation)


def make(kind, num_tasks=3, seed=0, environment=None, activation="relu"):
    layout = layout_of(SPACE, environment or ImprovementConfig())
    network = build_multitask_network(
        config_of(kind, activation), SPACE, layout, num_tasks, embedding=4, seed=seed
    )
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():  # as after training: heads of their own, biases that are not 0
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network


def plain(network, weights, kind):
    if kind == "mlp":
        return network.blended(weights)
    config = config_of(kind)
    return network.blended(weights, lambda: build_policy(config, SPACE, network.layout, seed=9))


def observations(layout, *shape):
    generator = torch.Generator().manual_seed(1)
    obs = torch.rand(*shape, layout.size, generator=generator)
    obs[..., layout.mask] = (obs[..., layout.mask] < 0.7).float()
    return obs


@pytest.mark.parametrize("environment", [ImprovementConfig(), ConstructionConfig()])
@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_network_does_what_a_task_s_part_does(kind, environment):
    network = make(kind, environment=environment)
    obs, task = observations(network.layout, 30), torch.arange(30) % 3
    logits, values = network(obs, task)
    for t in range(3):
        single = plain(network, network.one_hot(t), kind)
        assert type(single) is (MLPNetwork if kind == "mlp" else TransformerNetwork)
        own_logits, own_values = single(obs[task == t])
        torch.testing.assert_close(logits[task == t], own_logits, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(values[task == t], own_values, rtol=1e-4, atol=1e-5)
    other_logits, _ = network(obs, (task + 1) % 3)
    assert not torch.allclose(logits, other_logits)


def test_equal_heads_differ_by_their_embedding_alone():
    network = make("mlp", num_tasks=2)
    for heads in (network.policy_head, network.value_head):
        heads[1].load_state_dict(heads[0].state_dict())
    obs = observations(network.layout, 8)
    zeros, ones = torch.zeros(8, dtype=torch.int64), torch.ones(8, dtype=torch.int64)
    assert not torch.allclose(network(obs, zeros)[0], network(obs, ones)[0])
    with torch.no_grad():
        network.task_embedding.weight[1] = network.task_embedding.weight[0]
    assert torch.allclose(network(obs, zeros)[0], network(obs, ones)[0])


def test_the_mean_of_heads_gives_the_mean_of_logits():
    """Exactly so for the perceptron, whose heads are linear, where embeddings are the same."""
    network = make("mlp")
    with torch.no_grad():
        network.task_embedding.weight[:] = network.task_embedding.weight[0]
    obs = observations(network.layout, 8)
    each = [network.for_task(t)(obs) for t in range(3)]
    logits, values = network.blended([1 / 3] * 3)(obs)
    legal = obs[:, network.layout.mask] > 0
    torch.testing.assert_close(logits[legal], sum(e[0] for e in each)[legal] / 3)
    torch.testing.assert_close(values, sum(e[1] for e in each) / 3)


@pytest.mark.parametrize("kind", KINDS)
def test_stacked_networks_are_what_they_are_alone(kind):
    networks = [make(kind, seed=seed) for seed in (0, 1)]
    obs = observations(networks[0].layout, 2, 12)
    task = torch.arange(12).repeat(2, 1) % 3
    alone = [network(obs[k], task[k]) for k, network in enumerate(networks)]
    logits, values = AutogradStack(networks).forward(obs, task)
    for k in range(2):
        torch.testing.assert_close(logits[k], alone[k][0], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(values[k], alone[k][1], rtol=1e-4, atol=1e-4)


def test_mistakes_are_explained():
    network = make("mlp")
    with pytest.raises(InvalidArgumentError, match="2 weights for 3 tasks"):
        network.blend([0.5, 0.5])
    with pytest.raises(InvalidArgumentError, match="0 … 2"):
        network.one_hot(3)
    with pytest.raises(InvalidArgumentError, match="embedding is -1"):
        MultiTaskMLP(network.layout, 2, embedding=-1)
    with pytest.raises(InvalidArgumentError, match="0 columns"):
        ProgressiveMLP([])
    wide = MLPNetwork(network.layout, 8)
    with pytest.raises(InvalidArgumentError, match="2 columns of 2 shapes"):
        ProgressiveMLP([wide, MLPNetwork(network.layout, 16)])
    with pytest.raises(InvalidArgumentError, match="2 weights for 1 columns"):
        ProgressiveMLP([wide], [0.5, 0.5])


# -- progressive networks ------------------------------------------------------------------


def columns_of(count=2, activation="relu"):
    network = make("mlp", num_tasks=count, activation=activation)
    return [network.for_task(t) for t in range(count)]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_progressive_network_is_the_formula_of_the_paper(activation):
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


def test_a_progressive_network_can_start_as_its_columns():
    columns = columns_of()
    obs = observations(columns[0].layout, 9)
    each = [c(obs)[0] for c in columns]
    legal = obs[:, columns[0].layout.mask] > 0
    for weights in ([1.0, 0.0], [0.25, 0.75]):
        logits, _ = build_progressive_network(columns, weights, seed=0)(obs)
        expected = sum(w * e for w, e in zip(weights, each, strict=True))
        torch.testing.assert_close(logits[legal], expected[legal], rtol=1e-4, atol=1e-5)


def test_columns_are_no_parameters_and_everything_else_learns():
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
