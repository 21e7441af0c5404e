"""The written-out stack of perceptrons for several tasks agrees with autograd."""

import pytest
import torch

from rlnas.agents.engine.multitask_perceptron_stack import MultiTaskPerceptronStack
from rlnas.agents.engine.network_stack import AutogradStack
from rlnas.agents.engine.stacks import stack_networks
from rlnas.agents.networks import MultiTaskMLP
from rlnas.errors import InvalidArgumentError


def make(layout, count, num_tasks, embedding, activation="relu"):
    torch.manual_seed(0)
    return [
        MultiTaskMLP(layout, num_tasks, 16, activation, embedding=embedding) for _ in range(count)
    ]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("embedding", [0, 5])
@pytest.mark.parametrize(("count", "num_tasks"), [(1, 1), (1, 3), (4, 3)])
def test_outputs_and_gradients_are_those_of_autograd(
    count, num_tasks, embedding, activation, layout
):
    networks = make(layout, count, num_tasks, embedding, activation)
    written = stack_networks(networks)
    assert isinstance(written, MultiTaskPerceptronStack)
    auto = AutogradStack(make(layout, count, num_tasks, embedding, activation))
    obs = torch.rand(count, 30, layout.size)
    obs[..., layout.mask] = (obs[..., layout.mask] < 0.7).float()
    task = torch.randint(num_tasks, (count, 30))
    outputs = [stack.differentiable(obs, task) for stack in (written, auto)]
    legal = obs[..., layout.mask] > 0
    torch.testing.assert_close(outputs[0][0][legal], outputs[1][0][legal], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(outputs[0][1], outputs[1][1], rtol=1e-4, atol=1e-5)
    gradients = torch.randn(legal.shape) * legal, torch.randn(count, 30)
    for stack in (written, auto):
        stack.backward(*gradients)
    torch.testing.assert_close(written.gradient, auto.gradient, rtol=1e-3, atol=1e-4)
    assert (written.gradient != 0).any()


def test_going_on_with_some_networks(layout):
    """After keep the stack's weights and gradients are those of the networks that remain."""
    stack = stack_networks(make(layout, 3, 2, 4))
    before = stack.parameters.clone()
    stack.keep([2, 0])
    obs, task = torch.rand(2, 9, layout.size), torch.zeros(2, 9, dtype=torch.int64)
    logits, values = stack.differentiable(obs, task)
    stack.backward(torch.randn(logits.shape), torch.randn(values.shape))
    assert torch.equal(stack.parameters, before[[2, 0]])
    assert (stack.views(stack.gradient)["task_embedding.weight"][:, 0] != 0).all()
    assert (stack.views(stack.gradient)["task_embedding.weight"][:, 1] == 0).all()


def test_rows_need_their_task(layout):
    with pytest.raises(InvalidArgumentError, match="task of each row"):
        stack_networks(make(layout, 1, 2, 4)).forward(torch.rand(1, 3, layout.size))
