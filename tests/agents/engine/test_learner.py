"""K learners in one program: each one's own, with what is frozen left alone."""

import pytest
import torch

from rlnas.agents import PPOConfig
from rlnas.agents.engine import LearnerHooks
from rlnas.errors import CheckpointError, InvalidArgumentError

KINDS = ("mlp", "transformer")


def flat(network):
    return torch.cat([p.detach().reshape(-1) for p in network.parameters()])


@pytest.mark.parametrize("with_penalty", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_frozen_parameters_never_change(kind, with_penalty, make_networks, make_trainer):
    networks = make_networks(2, kind)
    networks[0].encoder.requires_grad_(False)
    before = [{n: p.clone() for n, p in net.named_parameters()} for net in networks]
    hooks = LearnerHooks(
        penalty=lambda parameters: sum(p.square().flatten(1).sum(1) for p in parameters.values())
    )
    make_trainer(networks, hooks=hooks if with_penalty else None).learn(960)
    for k, network in enumerate(networks):
        frozen = {n for n, p in network.named_parameters() if torch.equal(p, before[k][n])}
        encoder = {n for n in before[k] if n.startswith("encoder.")}
        assert encoder <= frozen if k == 0 else not encoder <= frozen
        heads = {n for n in before[k] if n.startswith(("policy_head.", "value_head."))}
        unused = {n for n in heads if "stop" in n}  # stop is not allowed here
        assert not frozen & (heads - unused)


def test_frozen_parameters_do_not_count_in_the_clipping(make_networks, make_trainer):
    (network,) = make_networks(1)
    network.encoder.requires_grad_(False)
    config = PPOConfig(num_envs=16, n_steps=20, batch_size=320, n_epochs=1, max_grad_norm=1e-3)
    learner = make_trainer([network], config).learner
    learner.update(learner.collect())
    gradient = learner.stack.gradient
    torch.testing.assert_close(gradient.norm(), torch.tensor(1e-3), rtol=1e-3, atol=0)
    assert learner.stack.views(gradient)["encoder.0.weight"].abs().max() == 0


def test_each_is_clipped_by_its_own_norm(make_networks, make_trainer):
    config = PPOConfig(num_envs=16, n_steps=20, batch_size=320, n_epochs=1, max_grad_norm=0.5)

    def scaled(batch, logits, values):  # the second one's gradient is a thousand times larger
        return torch.tensor([0.0, 1e3]) * values.square().mean(1)

    learner = make_trainer(make_networks(2), config, hooks=LearnerHooks(extra_loss=scaled)).learner
    alone = make_trainer(make_networks(1), config).learner
    for one in (learner, alone):
        one.update(one.collect())
    norms = learner.stack.gradient.norm(dim=1)
    torch.testing.assert_close(norms[1], torch.tensor(0.5), rtol=1e-4, atol=0)
    torch.testing.assert_close(norms[:1], alone.stack.gradient.norm(dim=1), rtol=1e-3, atol=1e-6)


def test_what_happens_to_one_does_not_touch_the_others(make_networks, make_trainer):
    trainers = [make_trainer(make_networks(3), seeds=[0, seed, 2]) for seed in (1, 77)]
    for trainer in trainers:
        trainer.learn(960)
    one, other = ([flat(n) for n in t.networks] for t in trainers)
    assert torch.equal(one[0], other[0])
    assert torch.equal(one[2], other[2])
    assert not torch.equal(one[1], other[1])


@pytest.mark.parametrize("kind", KINDS)
def test_keep_goes_on_with_some_as_if_the_others_were_there(kind, make_networks, make_trainer):
    whole, part = (make_trainer(make_networks(3, kind)) for _ in range(2))
    for trainer in (whole, part):
        trainer.learn(640)
    left = flat(part.networks[1])
    part.learner.keep([2, 0])
    for trainer in (whole, part):
        trainer.learn(1280)
    assert torch.equal(flat(part.networks[1]), left)
    assert part.learner.stack.parameters.shape[0] == 2
    for k in (0, 2):
        torch.testing.assert_close(
            flat(part.networks[k]), flat(whole.networks[k]), rtol=0, atol=2e-3
        )
        assert (flat(part.networks[k]) - left).abs().max() > 0.01


def test_a_rollout_can_be_ended_early(make_networks, make_trainer):
    learner = make_trainer(make_networks(1)).learner
    calls = iter([True, True, False])
    assert learner.collect(on_step=lambda *_: next(calls)) is None
    assert next(calls, "spent") == "spent"
    assert learner.streams.clock == 3
    assert learner.collect(7).rollout.actions.shape == (1, 7, 16)


def test_finished_episodes_add_up(make_networks, make_trainer):
    """Returns and lengths are those of the rewards in the rollout, episode by episode."""
    learner = make_trainer(make_networks(2)).learner
    first, second = learner.collect(13), None
    rewards, ends = first.rollout.rewards.clone(), first.rollout.ended.clone()
    assert first.finished == ()
    second = learner.collect(13)
    rewards = torch.cat([rewards, second.rollout.rewards], dim=1)
    ends = torch.cat([ends, second.rollout.ended], dim=1)
    assert ends.sum(1).tolist() == [[1] * 16] * 2
    assert ends[:, 19].all()
    (done,) = second.finished
    assert done.ended.all()
    assert (done.lengths == 20).all()
    torch.testing.assert_close(done.returns, rewards[:, :20].sum(1), rtol=1e-4, atol=1e-5)
    # Rewards are differences of scores, so the rest is what episodes under way have earned.
    torch.testing.assert_close(
        learner.streams.returns, rewards[:, 20:].sum(1), rtol=1e-4, atol=1e-5
    )


def test_what_does_not_fit_together_is_said(make_networks, make_trainer, suite):
    with pytest.raises(InvalidArgumentError, match="as many of each"):
        make_trainer(make_networks(2), seeds=[0])
    with pytest.raises(InvalidArgumentError, match="as many of each"):
        make_trainer(make_networks(2), tasks=[[suite["synthetic-0"]]])
    with pytest.raises(InvalidArgumentError, match="log_dirs"):
        make_trainer(make_networks(2), log_dirs=["one"])
    two = make_trainer(make_networks(2))
    with pytest.raises(InvalidArgumentError, match="one network"):
        two.restore(*two.state(0))


def test_episodes_of_another_task_number_are_refused(make_networks, make_trainer):
    tensors, values = make_trainer(make_networks(1)).state()
    wider = PPOConfig(num_envs=32, n_steps=20, batch_size=160, n_epochs=2)
    with pytest.raises(CheckpointError, match="episodes"):
        make_trainer(make_networks(1), wider).restore(tensors, values)
