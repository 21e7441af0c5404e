"""The engine's Adam beside PyTorch's."""

import pytest
import torch

from rlnas.agents.engine.learning_rates import ParameterRates
from rlnas.agents.engine.optimizer import EPSILON, FlatAdam


def gradients(count, shape=(3, 50)):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator) for _ in range(count)]


def test_it_takes_the_steps_of_pytorchs():
    start = gradients(1)[0]
    ours, theirs = start.clone(), start.clone().requires_grad_()
    adam = FlatAdam(ours, 3e-3)
    reference = torch.optim.Adam([theirs], lr=3e-3, eps=EPSILON)
    for number, gradient in enumerate(gradients(200)):
        if number == 100:  # a schedule
            adam.param_groups[0]["lr"] = reference.param_groups[0]["lr"] = 1e-3
        adam.step(gradient)
        theirs.grad = gradient
        reference.step()
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(ours, start, atol=1e-2)


def test_a_zero_gradient_moves_nothing_from_the_start():
    start = gradients(1)[0]
    parameters = start.clone()
    adam = FlatAdam(parameters, 1e-2)
    for _ in range(3):
        adam.step(torch.zeros_like(parameters))
    assert torch.equal(parameters, start)


def test_some_rows_go_on_as_if_nothing_had_happened():
    start = gradients(1)[0]
    whole = start.clone()
    adam = FlatAdam(whole, 1e-2)
    for gradient in gradients(5):
        adam.step(gradient)
    part = whole[[0, 2]].clone()
    kept = adam.keep([0, 2], part)
    for gradient in gradients(5):
        adam.step(gradient)
        kept.step(gradient[[0, 2]])
    assert torch.equal(part, whole[[0, 2]])


def test_a_state_goes_on_exactly_and_does_not_share_memory():
    whole = gradients(1)[0]
    adam = FlatAdam(whole, 1e-2)
    adam.step(gradients(1)[0])
    again = whole.clone()
    other = FlatAdam(again, 5.0)
    other.load_state_dict(adam.state_dict())
    for gradient in gradients(3):
        adam.step(gradient)
        other.step(gradient)
    assert torch.equal(whole, again)


def test_a_state_of_other_parameters_is_refused():
    state = FlatAdam(torch.zeros(2, 3), 0.1).state_dict()
    with pytest.raises(ValueError, match="shape"):
        FlatAdam(torch.zeros(2, 4), 0.1).load_state_dict(state)


def row(values):
    multiplier = torch.tensor(values)
    return ParameterRates(multiplier, (multiplier > 0).float(), bool((multiplier == 0).any()))


def test_frozen_columns_of_adam_are_as_if_never_there():
    """The others take the steps they take alone; the frozen begin anew when they thaw."""
    torch.manual_seed(0)
    start, gradients = torch.randn(2, 6), torch.randn(40, 2, 6)
    ours, fast, slow = start.clone(), start[:, :3].clone(), start[:, 3:].clone()
    adam = FlatAdam(ours, 1e-2)
    references = [
        torch.optim.Adam([part.requires_grad_()], lr=1e-2, eps=EPSILON) for part in (fast, slow)
    ]
    frozen = row([1.0] * 3 + [0.0] * 3)
    for number, gradient in enumerate(gradients):
        thawed = number < 5 or number >= 20
        adam.step(gradient if thawed else gradient * frozen.moving, None if thawed else frozen)
        fast.grad, slow.grad = gradient[:, :3], gradient[:, 3:] if thawed else None
        for reference in references:
            reference.step()
        if number == 19:
            moments = adam.mean[:, 3:].clone(), adam.square[:, 3:].clone()
        if number == 4:
            before = ours[:, 3:].clone(), adam.mean[:, 3:].clone(), adam.square[:, 3:].clone()
    assert torch.equal(before[1], moments[0])
    assert torch.equal(before[2], moments[1])
    assert not torch.equal(before[0], ours[:, 3:])
    expected = torch.cat([fast, slow], dim=1).detach()
    torch.testing.assert_close(ours, expected, rtol=1e-4, atol=1e-5)


def test_adams_counts_survive_saving_and_cutting_down():
    torch.manual_seed(0)
    start, gradients = torch.randn(3, 4), torch.randn(6, 3, 4)
    whole, frozen = start.clone(), row([1.0, 1.0, 0.0, 0.0])
    adam = FlatAdam(whole, 1e-2)
    for gradient in gradients:
        adam.step(gradient * frozen.moving, frozen)
    loaded_parameters, kept_parameters = whole.clone(), whole[[0, 2]].clone()
    loaded = FlatAdam(loaded_parameters, 5.0)
    loaded.load_state_dict(adam.state_dict())
    kept = adam.keep([0, 2], kept_parameters)
    for gradient in gradients:
        adam.step(gradient)
        loaded.step(gradient)
        kept.step(gradient[[0, 2]])
    assert torch.equal(whole, loaded_parameters)
    assert torch.equal(whole[[0, 2]], kept_parameters)
