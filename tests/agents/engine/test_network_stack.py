"""A stack of networks gives what each network gives, forward and back."""

import numpy as np
import pytest
import torch

from rlnas.agents.config import PolicyConfig
from rlnas.agents.engine.network_stack import AutogradStack
from rlnas.agents.engine.perceptron_stack import PerceptronStack
from rlnas.agents.engine.stacks import stack_networks
from rlnas.agents.networks import MLPNetwork, TransformerNetwork, build_policy
from rlnas.envs import ConstructionCore, ImprovementCore, TableScorer
from rlnas.errors import InvalidArgumentError

ROWS = 24
CONFIGS = {
    "relu": PolicyConfig(width=16),
    "tanh": PolicyConfig(width=16, activation="tanh"),
    "transformer": PolicyConfig(kind="transformer", width=16, layers=1),
}
STACKS = [
    ("relu", PerceptronStack),
    ("tanh", PerceptronStack),
    ("relu", AutogradStack),
    ("tanh", AutogradStack),
    ("transformer", AutogradStack),
]


@pytest.fixture(scope="module")
def observe(suite):
    """Return a maker of a layout and observations ``(K, ROWS, D)`` from within episodes."""

    def make(count, construction=False):
        scorer = TableScorer(suite["synthetic-0"], "log-rank")
        core = ConstructionCore(scorer) if construction else ImprovementCore(scorer)
        rng = np.random.default_rng(0)
        state = core.reset(count * ROWS, rng)
        for _ in range(3):
            mask = core.mask(state)
            state, *_ = core.step(state, np.where(mask, rng.random(mask.shape), -1).argmax(1))
        obs = torch.from_numpy(core.observe(state))
        return core.layout, obs.view(count, ROWS, -1)

    return make


def networks_of(kind, layout, space, count):
    networks = [build_policy(CONFIGS[kind], space, layout, seed=seed) for seed in range(count)]
    with torch.no_grad():
        for network in networks:  # away from the small policy head a network starts with
            for parameter in network.parameters():
                parameter.add_(torch.randn(parameter.shape), alpha=0.1)
    return networks


def weighted_sum(logits, values, obs, layout, weights):
    """Return a scalar of legal logits and of values whose gradient is ``weights``."""
    legal = torch.where(obs[..., layout.mask] > 0, logits, 0.0)
    return (legal * weights[0]).sum() + (values * weights[1]).sum()


@pytest.mark.parametrize("construction", [False, True])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("kind", "make_stack"), STACKS)
def test_forward_and_backward(kind, make_stack, count, construction, observe, suite):
    torch.manual_seed(0)
    layout, obs = observe(count, construction)
    networks = networks_of(kind, layout, suite.space, count)
    expected, gradients = [], []
    legal = obs[..., layout.mask]
    weights = torch.randn(count, ROWS, layout.actions) * legal, torch.randn(count, ROWS)
    for k, network in enumerate(networks):
        logits, values = network(obs[k])
        total = weighted_sum(logits, values, obs[k], layout, [w[k] for w in weights])
        parameters = list(network.parameters())
        found = torch.autograd.grad(total, parameters, materialize_grads=True)
        expected.append((logits.detach(), values.detach()))
        gradients.append(torch.cat([g.reshape(-1) for g in found]))
    stack = make_stack(networks)
    for run in (stack.forward, stack.differentiable):
        logits, values = run(obs)
        assert not logits.requires_grad
        assert not values.requires_grad
        assert logits.shape == (count, ROWS, layout.actions)
        for k, (own_logits, own_values) in enumerate(expected):
            chosen = legal[k] > 0
            torch.testing.assert_close(logits[k][chosen], own_logits[chosen], rtol=1e-4, atol=1e-5)
            assert (logits[k][~chosen] < -1e7).all()
            torch.testing.assert_close(values[k], own_values, rtol=1e-4, atol=1e-5)
    stack.backward(*weights)
    torch.testing.assert_close(stack.gradient, torch.stack(gradients), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("make_stack", [PerceptronStack, AutogradStack])
def test_a_gradient_replaces_the_last_one(make_stack, observe, suite):
    layout, obs = observe(2)
    stack = make_stack(networks_of("relu", layout, suite.space, 2))
    weights = torch.randn(2, ROWS, layout.actions) * obs[..., layout.mask], torch.randn(2, ROWS)
    stack.differentiable(obs)
    stack.backward(*weights)
    first = stack.gradient.clone()
    stack.differentiable(obs)
    stack.backward(*weights)
    assert torch.equal(stack.gradient, first)
    assert first.abs().max() > 0


def test_an_all_masked_row_still_gives_a_distribution(observe, suite):
    layout, obs = observe(1)
    obs = obs.clone()
    obs[..., layout.mask] = 0
    networks = networks_of("relu", layout, suite.space, 1)
    logits, values = PerceptronStack(networks).forward(obs)
    assert torch.isfinite(logits.softmax(-1)).all()
    assert torch.isfinite(values).all()


@pytest.mark.parametrize(("kind", "make_stack"), STACKS)
def test_a_row_of_the_matrix_is_the_networks(kind, make_stack, observe, suite):
    layout, obs = observe(2)
    networks = networks_of(kind, layout, suite.space, 2)
    before = [p.clone() for p in networks[0].parameters()]
    stack = make_stack(networks)
    for name, view in stack.views(stack.parameters).items():
        assert torch.equal(view[1], dict(networks[1].named_parameters())[name])
    with torch.no_grad():
        stack.parameters[1] += 0.05
    logits = stack.forward(obs)[0]
    legal = obs[1][:, layout.mask] > 0
    expected = networks[1](obs[1])[0][legal]
    torch.testing.assert_close(logits[1][legal], expected, rtol=1e-4, atol=1e-5)
    after = networks[0].parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(("kind", "make_stack"), STACKS)
def test_release_gives_networks_parameters_of_their_own(kind, make_stack, observe, suite):
    networks = networks_of(kind, observe(1)[0], suite.space, 2)
    stack = make_stack(networks)
    before = [p.clone() for network in networks for p in network.parameters()]
    stack.release()
    stack.parameters.zero_()
    after = [p for network in networks for p in network.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert len({p.untyped_storage().data_ptr() for p in after}) == len(after)


@pytest.mark.parametrize(("kind", "make_stack"), STACKS)
def test_keep_goes_on_with_some_in_the_order_given(kind, make_stack, observe, suite):
    layout, obs = observe(3)
    networks = networks_of(kind, layout, suite.space, 3)
    expected = [networks[k](obs[0])[1].detach() for k in (2, 0)]
    left = [p.clone() for p in networks[1].parameters()]
    stack = make_stack(networks)
    stack.keep([2, 0])
    assert stack.count == 2
    assert stack.networks == (networks[2], networks[0])
    values = stack.forward(obs[:1].expand(2, -1, -1))[1]
    torch.testing.assert_close(values, torch.stack(expected), rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        stack.parameters += 1.0
    assert all(torch.equal(a, b) for a, b in zip(left, networks[1].parameters(), strict=True))
    torch.testing.assert_close(
        stack.forward(obs[:1].expand(2, -1, -1))[1][1], networks[0](obs[0])[1]
    )
    stack.differentiable(obs[:2])
    stack.backward(torch.zeros(2, ROWS, layout.actions), torch.ones(2, ROWS))
    assert stack.gradient.shape == stack.parameters.shape
    assert stack.gradient.abs().max() > 0


def test_frozen_parameters_are_marked(observe, suite):
    networks = networks_of("relu", observe(1)[0], suite.space, 2)
    stack = PerceptronStack(networks)
    assert stack.trained() is None
    networks[1].encoder.requires_grad_(False)
    marked = stack.views(stack.trained())
    for name, mask in marked.items():
        assert mask[0].all()
        assert mask[1].all() == (not name.startswith("encoder."))
        assert mask[1].any() == (not name.startswith("encoder."))


def test_the_stack_is_chosen_by_the_networks(observe, suite):
    layout = observe(1)[0]
    assert isinstance(stack_networks(networks_of("relu", layout, suite.space, 2)), PerceptronStack)
    transformers = networks_of("transformer", layout, suite.space, 1)
    assert isinstance(transformers[0], TransformerNetwork)
    assert isinstance(stack_networks(transformers), AutogradStack)

    class Changed(MLPNetwork):
        """A subclass may compute something else."""

    assert isinstance(stack_networks([Changed(layout, 16)]), AutogradStack)


def test_networks_of_two_kinds_make_no_stack(observe, suite):
    layout = observe(1)[0]
    with pytest.raises(InvalidArgumentError, match="2 shapes"):
        stack_networks([MLPNetwork(layout, 16), MLPNetwork(layout, 8)])
    with pytest.raises(InvalidArgumentError, match="relu and tanh"):
        stack_networks([MLPNetwork(layout, 16), MLPNetwork(layout, 16, "tanh")])


def test_backward_needs_a_forward(observe, suite):
    layout, _ = observe(1)
    stack = AutogradStack(networks_of("relu", layout, suite.space, 1))
    with pytest.raises(InvalidArgumentError, match="differentiable"):
        stack.backward(torch.zeros(1, ROWS, layout.actions), torch.zeros(1, ROWS))


def test_what_is_not_learnt_must_be_equal():
    def make(scale):
        network = torch.nn.Linear(2, 2)
        network.register_buffer("scale", torch.tensor(scale))
        return network

    AutogradStack([make(1.0), make(1.0)])
    with pytest.raises(InvalidArgumentError, match="buffers scale differ"):
        AutogradStack([make(1.0), make(2.0)])
