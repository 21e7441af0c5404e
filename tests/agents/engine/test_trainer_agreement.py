"""The device engine learns what Stable-Baselines3's PPO learns."""

import copy
import dataclasses

import numpy as np
import pytest
import torch

from rlnas.agents import PPOConfig, PPOTrainer
from rlnas.envs import ImprovementConfig, TableScorer, make_core

CONFIG = PPOConfig(num_envs=64, n_steps=20, batch_size=320, n_epochs=2)


def reference_trainer(network, suite, config, seed=0):
    environment = ImprovementConfig()
    core = make_core(TableScorer(suite["synthetic-0"], environment.normaliser), environment)
    return PPOTrainer(network, core, config, seed=seed)


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_the_same_rollout_teaches_the_same(kind, make_networks, make_trainer, suite):
    """Minibatches of a whole rollout leave nothing to chance: three steps of Adam agree."""
    whole = PPOConfig(num_envs=16, n_steps=30, batch_size=480, n_epochs=3, clip_range=0.02)
    (network,) = make_networks(1, kind)
    twin = copy.deepcopy(network)
    start = [p.detach().clone() for p in network.parameters()]
    learner = make_trainer([network], whole).learner
    collected = learner.collect()
    rollout = collected.rollout
    model = reference_trainer(twin, suite, whole).model
    buffer, starts = model.rollout_buffer, np.ones(16, dtype=bool)
    for t in range(30):
        values, _, _ = model.policy.evaluate_actions(rollout.obs[0, t], rollout.actions[0, t])
        torch.testing.assert_close(values[:, 0], rollout.values[0, t], rtol=1e-4, atol=1e-5)
        buffer.add(
            rollout.obs[0, t].numpy(),
            rollout.actions[0, t].numpy(),
            rollout.rewards[0, t].numpy(),
            starts,
            rollout.values[0, t],
            rollout.log_probabilities[0, t],
        )
        starts = rollout.ended[0, t].numpy()
    obs = torch.empty(1, 16, learner.streams.layout.size)
    learner.streams.observe(obs)
    buffer.compute_returns_and_advantage(learner.stack.forward(obs)[1][0], starts)
    np.testing.assert_allclose(collected.advantages[0], buffer.advantages, rtol=1e-4, atol=1e-5)
    learner.update(collected)
    model.train()
    for one, other in zip(network.parameters(), twin.parameters(), strict=True):
        # Adam's steps are of the size of the learning rate, 3e-3, whatever the gradient's. Where
        # that is next to nothing its rounding decides, so a few may differ.
        far = (one - other).detach().abs() > 1e-4
        assert far.float().mean() < 0.01
    moved = [
        float((after - before).detach().abs().max())
        for before, after in zip(start, network.parameters(), strict=True)
    ]
    assert max(moved) > 5e-3


def test_learning_curves_agree(make_networks, make_trainer, suite):
    """Mean returns of eight seeds an engine differ by less than their noise, three times over."""
    seeds, marks = 8, (2_560, 7_680, 15_360)
    trainer = make_trainer(make_networks(seeds), CONFIG)
    device = []
    for mark in marks:
        trainer.learn(mark - 1280)
        collected = trainer.learner.collect()
        (done,) = collected.finished
        device.append(done.returns.mean(1).tolist())
        trainer.learner.update(collected)
        trainer.steps += 1280
    reference = []
    for seed, network in enumerate(make_networks(seeds)):
        own = reference_trainer(network, suite, CONFIG, seed + 100)
        curve = []
        for mark in marks:
            own.learn(mark)
            last = list(own.model.ep_info_buffer)[-64:]  # those of the last rollout
            curve.append(np.mean([episode["r"] for episode in last]))
        reference.append(curve)
    device, reference = np.array(device), np.array(reference).T
    noise = np.sqrt((device.var(1, ddof=1) + reference.var(1, ddof=1)) / seeds)
    assert (abs(device.mean(1) - reference.mean(1)) < 3 * noise).all(), (device, reference)
    # Both have learnt, by much more than the noise that is allowed.
    assert (np.diff(device.mean(1)) > 0).all()
    assert device.mean(1)[-1] - device.mean(1)[0] > 8 * noise.max()


def test_the_agreement_is_not_for_want_of_difference(make_networks, make_trainer):
    """A learning rate a fifth of it gives a curve that the test above would tell apart."""
    curves = []
    for rate in (3e-3, 6e-4):
        config = dataclasses.replace(CONFIG, learning_rate=rate)
        trainer = make_trainer(make_networks(8), config)
        trainer.learn(14_080)
        (done,) = trainer.learner.collect().finished
        curves.append(done.returns.mean(1))
    noise = torch.stack(curves).var(1).sum().div(8).sqrt()
    assert curves[0].mean() - curves[1].mean() > 3 * noise
