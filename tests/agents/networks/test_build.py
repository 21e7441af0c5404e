"""Masks, gradients, and what the transformer promises about other spaces."""

import pytest
import torch

from rlnas.agents import PPOController
from rlnas.envs import (
    ConstructionConfig,
    ImprovementConfig,
)
from rlnas.spaces import get_space

KINDS = ("mlp", "transformer")
SPACES = ("transnas-micro", "transnas-macro", "nasbench-201")


@pytest.mark.parametrize("construction", [False, True])
@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("kind", KINDS)
def test_masked_actions_are_never_chosen(kind, name, construction, observe, build):
    core, obs = observe(get_space(name), construction=construction, steps=2)
    logits, values = build(kind, core)(obs)
    assert logits.shape == (32, core.layout.actions)
    assert values.shape == (32,)
    illegal = obs[:, core.layout.mask] == 0
    if name == "transnas-macro" or not construction:
        assert illegal.any()
    probabilities = torch.distributions.Categorical(logits=logits).probs
    assert (probabilities[illegal] == 0).all()
    draws = torch.distributions.Categorical(logits=logits).sample((500,))
    assert not illegal[torch.arange(32), draws].any()
    assert torch.isfinite(torch.distributions.Categorical(logits=logits).entropy()).all()


@pytest.mark.parametrize("construction", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_that_matters_gets_a_gradient(kind, construction, observe, build):
    core, obs = observe(get_space("transnas-micro"), construction=construction)
    network = build(kind, core)
    logits, values = network(obs)
    legal = obs[:, core.layout.mask] > 0
    (logits[legal].square().sum() + values.square().sum()).backward()
    without = {n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()}
    unused = {"policy_head.stop.weight", "policy_head.stop.bias"}  # stop is not allowed here
    if construction:
        unused |= {
            "encoder.history.weight",
            "policy_head.history.weight",
            "policy_head.history.bias",
        }
    assert without <= unused, without


@pytest.mark.parametrize("kind", KINDS)
def test_weights_come_from_the_seed_alone(kind, observe, build):
    core, _ = observe(get_space("transnas-micro"))
    before = torch.get_rng_state()
    one, two, other = build(kind, core), build(kind, core), build(kind, core, seed=1)
    assert torch.equal(before, torch.get_rng_state())
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name])
    assert any(
        not torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items()
    )


def test_the_history_changes_what_a_policy_does(observe, build):
    core, obs = observe(get_space("transnas-micro"))
    without = obs.clone()
    without[:, core.layout.seen] = 0
    without[:, core.layout.gain] = 0
    assert (obs != without).any()
    for kind in KINDS:
        network = build(kind, core)
        assert not torch.allclose(network(obs)[0], network(without)[0])


@pytest.mark.parametrize("kind", KINDS)
def test_controllers_of_the_construction_environment_learn_and_search(kind, landscape, small):
    import dataclasses

    task = landscape(get_space("transnas-macro"))
    config = dataclasses.replace(small[kind], environment=ConstructionConfig())
    controller = PPOController.train(task, 640, config=config, device="cpu")
    result = controller.search(task, 10, seed=0)
    assert len(result.records) == 10
    assert ImprovementConfig() != controller.config.environment
