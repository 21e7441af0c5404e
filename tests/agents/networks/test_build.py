"""Masks, gradients, and what the transformer promises about other spaces."""

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOController
from rlnas.agents.networks import DEFAULT_VOCABULARY, build_policy
from rlnas.envs import (
    ConstructionConfig,
    ConstructionCore,
    ImprovementConfig,
    ImprovementCore,
    TableScorer,
)
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import CellSpace, get_space

KINDS = ("mlp", "transformer")
SPACES = ("transnas-micro", "transnas-macro", "nasbench-201")


def build(kind, core, seed=0, **options):
    config = PolicyConfig(kind=kind, width=16, layers=1)
    return build_policy(config, core.space, core.layout, seed=seed, **options)


@pytest.fixture(scope="module")
def observe(landscape):
    """Return a maker of a core and observations from the middle of its episodes."""

    def make(space, n=32, construction=False, steps=4):
        scorer = TableScorer(landscape(space), "log-rank")
        core = ConstructionCore(scorer) if construction else ImprovementCore(scorer)
        rng = np.random.default_rng(0)
        state = core.reset(n, rng)
        for _ in range(steps):
            mask = core.mask(state)
            state, *_ = core.step(state, np.where(mask, rng.random(mask.shape), -1).argmax(1))
        return core, torch.from_numpy(core.observe(state))

    return make


@pytest.mark.parametrize("construction", [False, True])
@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("kind", KINDS)
def test_masked_actions_are_never_chosen(kind, name, construction, observe):
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
def test_every_parameter_that_matters_gets_a_gradient(kind, construction, observe):
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
def test_weights_come_from_the_seed_alone(kind, observe):
    core, _ = observe(get_space("transnas-micro"))
    before = torch.get_rng_state()
    one, two, other = build(kind, core), build(kind, core), build(kind, core, seed=1)
    assert torch.equal(before, torch.get_rng_state())
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name])
    assert any(
        not torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items()
    )


def test_the_history_changes_what_a_policy_does(observe):
    core, obs = observe(get_space("transnas-micro"))
    without = obs.clone()
    without[:, core.layout.seen] = 0
    without[:, core.layout.gain] = 0
    assert (obs != without).any()
    for kind in KINDS:
        network = build(kind, core)
        assert not torch.allclose(network(obs)[0], network(without)[0])


def test_one_set_of_weights_runs_on_every_space(observe):
    controller = PPOController(
        get_space("transnas-micro"), ControllerConfig(network=PolicyConfig(kind="transformer"))
    )
    for name in SPACES:
        core, obs = observe(get_space(name))
        network = controller.network_for(core.space)
        for key, value in controller.network.state_dict().items():
            assert torch.equal(value, network.state_dict()[key])
        logits, values = network(obs)
        assert logits.shape == (32, core.layout.actions)
        assert torch.isfinite(values).all()
    with pytest.raises(InvalidArgumentError, match="transformer"):
        PPOController(get_space("transnas-micro")).network_for(get_space("nasbench-201"))


@pytest.mark.parametrize("construction", [False, True])
def test_relabelled_operations_give_permuted_logits(construction, observe, landscape):
    """The encoding's order of the operations is arbitrary; only their names mean something."""
    edges, names = [(0, 1), (0, 2), (1, 2)], ["none", "skip_connect", "nor_conv_3x3", "mine"]
    order = np.array([2, 0, 3, 1])  # operation o of the twin is order[o] of the original
    space = CellSpace("original", edges, names)
    twin = CellSpace("twin", edges, [names[o] for o in order])
    vocabulary = (*DEFAULT_VOCABULARY, "mine")
    core, obs = observe(space, construction=construction, steps=2)
    twin_core, _ = observe(twin, construction=construction, steps=2)
    layout, blocks = core.layout, []
    for block in (layout.current, layout.mask, layout.scalars, layout.seen, layout.gain):
        part = obs[:, block]
        if block == layout.mask:
            split = (1, 4) if construction else (3, 4)
            grid = part[:, : split[0] * 4].reshape(len(part), *split)[:, :, order]
            part = torch.cat([grid.flatten(1), part[:, split[0] * 4 :]], dim=1)
        elif block != layout.scalars and part.shape[1]:
            part = part.reshape(len(part), 3, 4)[:, :, order].flatten(1)
        blocks.append(part)
    network = build("transformer", core, vocabulary=vocabulary)
    other = build("transformer", twin_core, seed=1, vocabulary=vocabulary)
    other.load_state_dict(network.state_dict())
    logits, values = network(obs)
    twin_logits, twin_values = other(torch.cat(blocks, dim=1))
    torch.testing.assert_close(twin_values, values)
    edits = 4 if construction else 12
    expected = logits[:, :edits].reshape(len(logits), -1, 4)[:, :, order].flatten(1)
    torch.testing.assert_close(twin_logits[:, :edits], expected)
    assert not torch.allclose(twin_logits[:, :edits], logits[:, :edits])


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_construction_logits_are_those_of_the_next_position(steps, observe):
    core, obs = observe(get_space("transnas-micro"), construction=True, steps=steps)
    network, heads = build("transformer", core), []
    network.policy_head["token"].register_forward_hook(lambda m, i, output: heads.append(output))
    logits, _ = network(obs)
    table = network.policy_head["operation"](network.names)
    torch.testing.assert_close(logits, heads[0][:, steps] @ table.T / 16**0.5)


def test_unknown_operations_share_an_embedding(observe):
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "alien-a", "alien-b"])
    core, obs = observe(space)
    network = build("transformer", core, vocabulary=DEFAULT_VOCABULARY)
    assert network.names.tolist() == [1, 0, 0]
    assert torch.isfinite(network(obs)[1]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_controllers_of_the_construction_environment_learn_and_search(kind, landscape, small):
    import dataclasses

    task = landscape(get_space("transnas-macro"))
    config = dataclasses.replace(small[kind], environment=ConstructionConfig())
    controller = PPOController.train(task, 640, config=config, device="cpu")
    result = controller.search(task, 10, seed=0)
    assert len(result.records) == 10
    assert ImprovementConfig() != controller.config.environment
