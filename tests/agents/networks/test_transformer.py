"""The transformer: one set of weights for every space, and operations by their names."""

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PolicyConfig, PPOController
from rlnas.agents.networks import DEFAULT_VOCABULARY
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import CellSpace, get_space

SPACES = ("transnas-micro", "transnas-macro", "nasbench-201")


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
def test_relabelled_operations_give_permuted_logits(construction, observe, landscape, build):
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
def test_construction_logits_are_those_of_the_next_position(steps, observe, build):
    core, obs = observe(get_space("transnas-micro"), construction=True, steps=steps)
    network, heads = build("transformer", core), []
    network.policy_head["token"].register_forward_hook(lambda m, i, output: heads.append(output))
    logits, _ = network(obs)
    table = network.policy_head["operation"](network.names)
    torch.testing.assert_close(logits, heads[0][:, steps] @ table.T / 16**0.5)


def test_unknown_operations_share_an_embedding(observe, build):
    space = CellSpace("own", [(0, 1), (1, 2)], ["none", "alien-a", "alien-b"])
    core, obs = observe(space)
    network = build("transformer", core, vocabulary=DEFAULT_VOCABULARY)
    assert network.names.tolist() == [1, 0, 0]
    assert torch.isfinite(network(obs)[1]).all()
