"""What a transfer method changes about learning, and nothing else."""

import dataclasses

import pytest
import torch

from rlnas.agents import PPOConfig
from rlnas.agents.engine import LearnerHooks, Minibatch, per_task
from rlnas.agents.engine.hooks import standardised

KINDS = ("mlp", "transformer")
ONE_STEP = PPOConfig(num_envs=16, n_steps=20, batch_size=320, n_epochs=1)


def weights(trainer):
    return trainer.learner.stack.parameters.detach().clone()


def gradient_with(make_trainer, networks, hooks):
    """Return the clipped gradient of the first update, without clipping to speak of."""
    config = dataclasses.replace(ONE_STEP, max_grad_norm=1e9)
    trainer = make_trainer(networks, config, hooks=hooks)
    trainer.learner.update(trainer.learner.collect())
    return trainer.learner.stack.gradient.clone()


@pytest.mark.parametrize("kind", KINDS)
def test_hooks_that_do_nothing_change_nothing(kind, make_networks, make_trainer):
    hooks = LearnerHooks(
        behaviour=lambda obs, logits: logits,
        extra_loss=lambda batch, logits, values: 0 * logits.sum((1, 2)),
        penalty=lambda parameters: 0 * sum(p.flatten(1).sum(1) for p in parameters.values()),
        normalise_advantages=standardised,
    )
    plain, hooked = (make_trainer(make_networks(2, kind), hooks=h) for h in (None, hooks))
    for trainer in (plain, hooked):
        trainer.learn(640)
    assert torch.equal(weights(plain), weights(hooked))


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_of_an_extra_loss_is_added(kind, make_networks, make_trainer, layout):
    seen = []

    def extra(batch, logits, values):
        seen.append(batch)
        legal = torch.where(batch.obs[..., layout.mask] > 0, logits, 0.0)
        return 0.1 * legal.square().mean((1, 2)) + 0.2 * (values - 3).square().mean(1)

    without = gradient_with(make_trainer, make_networks(2, kind), None)
    with_extra = gradient_with(make_trainer, make_networks(2, kind), LearnerHooks(extra_loss=extra))
    (batch,) = seen
    for k, network in enumerate(make_networks(2, kind)):
        own = Minibatch(**{n: v[k : k + 1] for n, v in vars(batch).items()})
        logits, values = network(batch.obs[k])
        loss = extra(own, logits[None], values[None]).sum()
        parameters = list(network.parameters())
        found = torch.autograd.grad(loss, parameters, materialize_grads=True)
        expected = torch.cat([g.reshape(-1) for g in found])
        torch.testing.assert_close(with_extra[k] - without[k], expected, rtol=1e-3, atol=1e-5)


def test_a_loss_of_values_alone_leaves_the_policy(make_networks, make_trainer):
    hooks = LearnerHooks(extra_loss=lambda batch, logits, values: 10 * values.mean(1))
    without = gradient_with(make_trainer, make_networks(1), None)
    with_extra = gradient_with(make_trainer, make_networks(1), hooks)
    stack = make_trainer(make_networks(1)).learner.stack
    changed = {
        name for name, part in stack.views(with_extra - without).items() if part.abs().max() > 1e-6
    }
    assert {name.split(".")[0] for name in changed} == {"value_encoder", "value_head"}


def test_a_penalty_pulls_parameters_to_a_target(make_networks, make_trainer):
    def penalty(parameters):
        heads = [p for name, p in parameters.items() if name.startswith("policy_head")]
        return 1e4 * sum((p - 0.25).square().flatten(1).sum(1) for p in heads)

    config = dataclasses.replace(ONE_STEP, learning_rate=0.02)
    trainer = make_trainer(make_networks(2), config, hooks=LearnerHooks(penalty=penalty))
    trainer.learn(60 * 320)
    parts = trainer.learner.stack.views(weights(trainer))
    for name, part in parts.items():
        distance = (part - 0.25).abs().mean()
        assert distance < 0.02 if name.startswith("policy_head") else distance > 0.05, name


def test_the_gradient_of_a_penalty_is_that_of_each_controller(make_networks, make_trainer):
    def penalty(parameters):
        scale = torch.tensor([1.0, 3.0])
        return scale * sum(p.square().flatten(1).sum(1) for p in parameters.values()) / 2

    start = torch.stack(
        [torch.cat([p.reshape(-1) for p in n.parameters()]) for n in make_networks(2)]
    )
    without = gradient_with(make_trainer, make_networks(2), None)
    pulled = gradient_with(make_trainer, make_networks(2), LearnerHooks(penalty=penalty))
    expected = start.detach() * torch.tensor([[1.0], [3.0]])
    torch.testing.assert_close(pulled - without, expected, rtol=1e-3, atol=1e-5)


def test_actions_are_those_of_the_behaviour_policy(make_networks, make_trainer, layout):
    """The first edit that is legal, nine times in ten."""

    def behaviour(obs, logits):
        first = obs[..., layout.mask].argmax(-1, keepdim=True)
        return logits.scatter_add(-1, first, torch.full_like(first, 6, dtype=torch.float32))

    trainer = make_trainer(make_networks(2), hooks=LearnerHooks(behaviour=behaviour))
    collected = trainer.learner.collect()
    rollout = collected.rollout
    k, steps, n = rollout.actions.shape
    obs = rollout.obs.view(k, steps * n, -1)
    own = trainer.learner.stack.forward(obs)[0]
    acting = torch.distributions.Categorical(logits=behaviour(obs, own))
    actions = rollout.actions.view(k, -1)
    torch.testing.assert_close(
        rollout.log_probabilities.view(k, -1), acting.log_prob(actions), rtol=1e-4, atol=1e-4
    )
    first = obs[..., layout.mask].argmax(-1)
    assert (actions == first).float().mean() > 0.8
    assert (torch.distributions.Categorical(logits=own).log_prob(actions).mean()) < -2


def test_learning_improves_under_a_behaviour_policy(make_networks, make_trainer):
    """The update is right off its own policy: the learner, acting alone, has become better."""

    def flatter(obs, logits):
        return torch.where(logits > -1e7, 0.9 * logits, logits)

    config = PPOConfig(num_envs=64, n_steps=20, batch_size=320, n_epochs=1)
    (network,) = make_networks(1)
    before = mean_return(make_trainer(make_networks(1), config))
    trainer = make_trainer([network], config, hooks=LearnerHooks(behaviour=flatter))
    trainer.learn(32_000)
    trainer.release()
    assert mean_return(make_trainer([network], config)) > before + 0.5


def mean_return(trainer):
    """Return the mean return of one rollout's episodes, which are whole."""
    finished = trainer.learner.collect().finished
    return float(torch.cat([f.returns[f.ended] for f in finished]).mean())


def batch_of(advantages, tasks):
    zeros = torch.zeros_like(advantages)
    return Minibatch(zeros[..., None], zeros.long(), zeros, advantages, zeros, zeros, tasks)


def test_standardised_over_each_controllers_minibatch():
    torch.manual_seed(0)
    advantages = torch.randn(3, 50) * torch.tensor([[1.0], [9.0], [0.1]]) + 5
    got = standardised(batch_of(advantages, torch.zeros(3, 50, dtype=torch.int64)))
    torch.testing.assert_close(got.mean(1), torch.zeros(3), rtol=0, atol=1e-4)
    torch.testing.assert_close(got.std(1), torch.ones(3))


def test_per_task_gives_every_task_one_scale():
    torch.manual_seed(0)
    tasks = torch.randint(3, (2, 300))
    tasks[1][tasks[1] == 2] = 0  # a task of which the minibatch has no sample
    scale = torch.tensor([1.0, 100.0, 0.01])[tasks]
    advantages = scale * (torch.randn(2, 300) + 2)
    got = per_task(3)(batch_of(advantages, tasks))
    assert torch.isfinite(got).all()
    for k in range(2):
        for task in tasks[k].unique():
            own = got[k][tasks[k] == task]
            expected = advantages[k][tasks[k] == task]
            expected = (expected - expected.mean()) / expected.std(correction=0)
            torch.testing.assert_close(own, expected, rtol=1e-3, atol=1e-3)


def test_per_task_of_a_single_sample_is_nothing():
    got = per_task(2)(batch_of(torch.tensor([[5.0, 1.0, 3.0]]), torch.tensor([[0, 1, 1]])))
    torch.testing.assert_close(got, torch.tensor([[0.0, -1.0, 1.0]]))
