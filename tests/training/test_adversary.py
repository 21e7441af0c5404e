"""The adversarial loss: its formula, who moves when, and where it is refused."""

import dataclasses
import math

import pytest
import torch
from torch.nn import functional

from rlnas.errors import InvalidArgumentError
from rlnas.training import Recipe, train_network
from rlnas.training.adversary import Adversary
from rlnas.training.precision import loss_scaler

CPU = torch.device("cpu")
RECIPE = Recipe(
    epochs=2,
    batch_size=16,
    optimizer="adam",
    learning_rate=1e-3,
    betas=(0.5, 0.999),
    schedule="constant",
    adversarial=0.25,
)


@pytest.fixture
def setting(digits, narrow_discriminator):
    """An adversary, and a batch with outputs."""
    data = digits("autoencoder")
    inputs, targets = data.train.batch(torch.arange(6))
    outputs = (0.5 * targets).requires_grad_()
    return Adversary(data.spec, RECIPE, seed=0, device=CPU), inputs, targets, outputs


def weights(module):
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def test_the_objective_is_the_published_formula(setting):
    adversary, inputs, targets, outputs = setting
    distance = functional.l1_loss(outputs, targets)
    before = weights(adversary.discriminator)
    objective = adversary.objective(
        inputs, targets, outputs, distance, scaler=loss_scaler("float32", CPU), rate=1e-3
    )
    losses = adversary.take_losses()
    # The discriminator moved first, so what the network has to fool is the new one. In evaluation
    # its normalisation stays as the last pass left it.
    assert any(not torch.equal(before[n], p) for n, p in weights(adversary.discriminator).items())
    adversary.discriminator.eval()
    passing = functional.softplus(-adversary.discriminator(torch.cat((inputs, outputs), 1))).mean()
    torch.testing.assert_close(objective, 0.75 * distance + 0.25 * passing)
    assert losses["adversarial_loss"] == pytest.approx(passing.item(), rel=1e-5)


def test_the_network_s_gradient_does_not_reach_the_discriminator_nor_the_reverse(setting):
    adversary, inputs, targets, outputs = setting
    objective = adversary.objective(
        inputs, targets, outputs, outputs.sum() * 0, scaler=loss_scaler("float32", CPU), rate=1e-3
    )
    assert outputs.grad is None  # the discriminator's step
    before = [p.grad.clone() for p in adversary.discriminator.parameters()]
    objective.backward()
    assert outputs.grad.abs().sum() > 0  # the network's
    after = [p.grad for p in adversary.discriminator.parameters()]
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))


def test_the_discriminator_learns_to_tell_them_apart(setting):
    adversary, inputs, targets, outputs = setting
    scaler, losses = loss_scaler("float32", CPU), []
    for _ in range(60):
        adversary.objective(inputs, targets, outputs, outputs.sum(), scaler=scaler, rate=3e-3)
        losses.append(adversary.take_losses()["discriminator_loss"])
    assert losses[0] == pytest.approx(math.log(2), abs=0.05)  # it knows nothing yet
    assert losses[-1] < losses[0] / 2


def test_training_records_both_losses_and_depends_on_the_weight(digits, make_network):
    data = digits("autoencoder", train_size=32, valid_size=8, test_size=8)
    results = [
        train_network(
            make_network(data), data, dataclasses.replace(RECIPE, adversarial=w), device="cpu"
        )
        for w in (0.25, 0.0)
    ]
    with_it, without = (result.history for result in results)
    assert set(with_it[0].train) == {"loss", "metric", "discriminator_loss", "adversarial_loss"}
    assert set(without[0].train) == {"loss", "metric"}
    assert with_it[0].train["loss"] != without[0].train["loss"]
    assert with_it[-1].train["loss"] < with_it[0].train["loss"]


@pytest.mark.parametrize("task", ["class", "jigsaw"])
def test_other_tasks_are_refused(task, digits, make_network):
    data = digits(task)
    with pytest.raises(InvalidArgumentError, match=r"adversarial.*adversarial=0"):
        train_network(make_network(data), data, RECIPE, device="cpu")
