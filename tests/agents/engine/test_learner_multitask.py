"""One network with a head for each of several tasks."""

import numpy as np
import pytest
import torch
from torch import nn

from rlnas.agents import PPOConfig
from rlnas.agents.engine import LearnerHooks, per_task
from rlnas.agents.engine.network_stack import AutogradStack
from rlnas.agents.networks import MLPNetwork, MultiTaskMLP
from rlnas.errors import InvalidArgumentError

CONFIG = PPOConfig(num_envs=64, n_steps=20, batch_size=320, n_epochs=1)


def make(layout, count=1, num_tasks=2, width=16):
    torch.manual_seed(0)
    return [MultiTaskMLP(layout, num_tasks, width) for _ in range(count)]


def observations(layout, *shape):
    obs = torch.rand(*shape, layout.size)
    obs[..., layout.mask] = (obs[..., layout.mask] < 0.5).float()
    return obs


def returns_by_task(trainer, tasks):
    """Return the mean return of each task's episodes in one rollout, which are whole."""
    finished = trainer.learner.collect().finished
    own = trainer.streams.tasks
    return np.array(
        [
            np.mean([float(f.returns[f.ended & (own == task)].mean()) for f in finished])
            for task in range(tasks)
        ]
    )


def test_a_row_goes_through_the_head_of_its_task(layout):
    (network,) = make(layout, num_tasks=3)
    obs, task = observations(layout, 30), torch.arange(30) % 3
    logits, values = network(obs, task)
    for t in range(3):
        single = network.blended(network.one_hot(t))
        assert type(single) is MLPNetwork
        own_logits, own_values = single(obs[task == t])
        torch.testing.assert_close(logits[task == t], own_logits)
        torch.testing.assert_close(values[task == t], own_values)
    assert not torch.allclose(*(network.blended(network.one_hot(t))(obs)[1] for t in (0, 1)))
    parts = {name.split(".")[0] for name, _ in network.named_parameters()}
    assert parts == {"encoder", "value_encoder", "policy_head", "value_head"}


def test_the_network_of_a_task_is_a_copy(layout):
    (network,) = make(layout)
    before = [p.clone() for p in network.parameters()]
    for parameter in network.blended(network.one_hot(1)).parameters():
        nn.init.zeros_(parameter)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


@pytest.mark.parametrize("count", [1, 3])
def test_a_head_gets_gradient_from_its_own_task_alone(count, layout):
    networks = make(layout, count)
    stack = AutogradStack(networks)
    obs, task = observations(layout, count, 40), torch.arange(40).repeat(count, 1) % 2
    logits, values = stack.differentiable(obs, task)
    for k, network in enumerate(networks):
        own_logits, own_values = network(obs[k], task[k])
        legal = obs[k][:, layout.mask] > 0
        torch.testing.assert_close(logits[k][legal], own_logits[legal], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(values[k], own_values, rtol=1e-4, atol=1e-5)
    of_first = (task == 0).float()
    stack.backward(
        torch.randn(logits.shape) * of_first[..., None], torch.randn(count, 40) * of_first
    )
    for name, part in stack.views(stack.gradient).items():
        head, *rest = name.split(".")
        idle = head.endswith("_head") and rest[0] == "1"
        assert (part.flatten(1).abs().amax(1) == 0).all() == idle, name
        assert (part.flatten(1).abs().amax(1) > 0).all() == (not idle), name


@pytest.mark.parametrize("count", [1, 2])
def test_both_tasks_improve(count, suite, layout, make_trainer):
    """Tasks that correlate by 0.6; the gain of either is more than half an order of magnitude."""
    tasks = [suite["synthetic-0"], suite["synthetic-1"]]
    trainer = make_trainer(
        make(layout, count, width=32),
        CONFIG,
        tasks=[tasks] * count,
        hooks=LearnerHooks(normalise_advantages=per_task(2)),
    )
    assert trainer.streams.tasks.sum(1).tolist() == [32] * count
    before = returns_by_task(trainer, 2)
    trainer.learn(40_000)
    assert (returns_by_task(trainer, 2) > before + 0.5).all()


def test_tasks_are_numbered_in_the_order_they_are_given(suite, layout, make_trainer):
    """A head is that of its place in the list, wherever else the task stands."""
    a, b = suite["synthetic-0"], suite["synthetic-1"]
    trainer = make_trainer(make(layout, 2), CONFIG, tasks=[[a, b], [b, a]])
    assert trainer.streams.tasks.tolist() == [[0] * 32 + [1] * 32] * 2
    offset = trainer.streams.state.offset.view(2, 64)
    assert (offset[0, :32] == offset[1, 32:]).all()
    assert (offset[0, 32:] == offset[1, :32]).all()
    assert (offset[0, 0] != offset[0, 32]).all()


def test_what_cannot_be_shared_is_said(suite, layout, make_trainer):
    a, b, c = (suite[f"synthetic-{i}"] for i in range(3))
    for tasks in ([[a, b, c]], [[a], [a, b]], [[]]):
        with pytest.raises(InvalidArgumentError, match="shared equally"):
            make_trainer(make(layout, len(tasks)), CONFIG, tasks=tasks)
    with pytest.raises(InvalidArgumentError, match="num_tasks"):
        MultiTaskMLP(layout, 0)
    with pytest.raises(InvalidArgumentError, match="0 … 1"):
        make(layout)[0].one_hot(2)
