"""Networks for several tasks: what they compute and what they fold into."""

import pytest
import torch

from rlnas.agents.engine.network_stack import AutogradStack
from rlnas.agents.networks import (
    MLPNetwork,
    MultiTaskMLP,
    ProgressiveMLP,
    TransformerNetwork,
    build_policy,
)
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import get_space

KINDS = ("mlp", "transformer")


def plain(network, weights, config):
    if config.kind == "mlp":
        return network.blended(weights)
    space = get_space("transnas-micro")
    return network.blended(weights, lambda: build_policy(config, space, network.layout, seed=9))


@pytest.mark.parametrize("environment", [ImprovementConfig(), ConstructionConfig()])
@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_network_does_what_a_task_s_part_does(
    kind, environment, make_multitask, observations, config_of
):
    network = make_multitask(kind, environment=environment)
    obs, task = observations(network.layout, 30), torch.arange(30) % 3
    logits, values = network(obs, task)
    for t in range(3):
        single = plain(network, network.one_hot(t), config_of(kind))
        assert type(single) is (MLPNetwork if kind == "mlp" else TransformerNetwork)
        own_logits, own_values = single(obs[task == t])
        torch.testing.assert_close(logits[task == t], own_logits, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(values[task == t], own_values, rtol=1e-4, atol=1e-5)
    other_logits, _ = network(obs, (task + 1) % 3)
    assert not torch.allclose(logits, other_logits)


def test_equal_heads_differ_by_their_embedding_alone(make_multitask, observations):
    network = make_multitask("mlp", num_tasks=2)
    for heads in (network.policy_head, network.value_head):
        heads[1].load_state_dict(heads[0].state_dict())
    obs = observations(network.layout, 8)
    zeros, ones = torch.zeros(8, dtype=torch.int64), torch.ones(8, dtype=torch.int64)
    assert not torch.allclose(network(obs, zeros)[0], network(obs, ones)[0])
    with torch.no_grad():
        network.task_embedding.weight[1] = network.task_embedding.weight[0]
    assert torch.allclose(network(obs, zeros)[0], network(obs, ones)[0])


def test_the_mean_of_heads_gives_the_mean_of_logits(make_multitask, observations):
    """Exactly so for the perceptron, whose heads are linear, where embeddings are the same."""
    network = make_multitask("mlp")
    with torch.no_grad():
        network.task_embedding.weight[:] = network.task_embedding.weight[0]
    obs = observations(network.layout, 8)
    each = [network.blended(network.one_hot(t))(obs) for t in range(3)]
    logits, values = network.blended([1 / 3] * 3)(obs)
    legal = obs[:, network.layout.mask] > 0
    torch.testing.assert_close(logits[legal], sum(e[0] for e in each)[legal] / 3)
    torch.testing.assert_close(values, sum(e[1] for e in each) / 3)


@pytest.mark.parametrize("kind", KINDS)
def test_stacked_networks_are_what_they_are_alone(kind, make_multitask, observations):
    networks = [make_multitask(kind, seed=seed) for seed in (0, 1)]
    obs = observations(networks[0].layout, 2, 12)
    task = torch.arange(12).repeat(2, 1) % 3
    alone = [network(obs[k], task[k]) for k, network in enumerate(networks)]
    logits, values = AutogradStack(networks).forward(obs, task)
    for k in range(2):
        torch.testing.assert_close(logits[k], alone[k][0], rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(values[k], alone[k][1], rtol=1e-4, atol=1e-4)


def test_mistakes_are_explained(make_multitask):
    network = make_multitask("mlp")
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
