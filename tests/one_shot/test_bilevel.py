"""Two levels: halves that share nothing, and who learns from which."""

import torch

from rlnas.one_shot import DARTS
from rlnas.one_shot.darts import DARTSTraining
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")


def test_the_halves_share_no_example(examples):
    training = DARTSTraining(MICRO, examples, 0, DARTS(batch_size=16))
    first, second = training.rows((0.0, 0.5)), training.rows((0.5, 1.0))
    assert len(first) == len(second) == 32
    assert not set(first.tolist()) & set(second.tolist())


def test_alpha_learns_from_the_held_half_alone(examples):
    options = DARTS(batch_size=16, alpha_rate=0.1, alpha_decay=0.0)
    training = DARTSTraining(MICRO, examples, 0, options)
    before = {name: p.clone() for name, p in training.network.named_parameters()}
    alpha = training.alpha.detach().clone()
    held = training.loss(*training._held(0), training.mix(0, "architecture"))
    expected = torch.autograd.grad(held, training.alpha)[0]
    row = training.step(0)
    moved = training.alpha.detach() - alpha
    assert torch.equal(moved.sign()[expected != 0], -expected.sign()[expected != 0])
    assert row["held_loss"] == float(held.detach())
    assert any(not torch.equal(p, before[n]) for n, p in training.network.named_parameters())
    assert training.alpha.grad is None
    assert row["learning_rate"] == options.learning_rate


def test_the_learning_rate_falls_by_a_cosine(examples):
    options = DARTS(batch_size=16, steps=4)
    training = DARTSTraining(MICRO, examples, 0, options)
    rates = [training.step(number)["learning_rate"] for number in range(4)]
    assert rates[0] == 0.025
    assert rates[2] == (0.025 + 0.001) / 2
    assert rates == sorted(rates, reverse=True)
