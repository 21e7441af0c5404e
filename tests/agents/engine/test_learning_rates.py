"""Learning rates by name: what is frozen stays, what is slow moves in proportion."""

import pytest
import torch

from rlnas.agents import PPOConfig
from rlnas.agents.engine import LearnerHooks
from rlnas.agents.engine.learning_rates import RateTable, covering, covers
from rlnas.errors import InvalidArgumentError, UnknownNameError

KINDS = ("mlp", "transformer")
ONE_STEP = PPOConfig(num_envs=16, n_steps=20, batch_size=320, n_epochs=1)


def by_name(trainer):
    stack = trainer.learner.stack
    return {name: part.clone() for name, part in stack.views(stack.parameters).items()}


def learn(trainer, updates=1):
    for _ in range(updates):
        trainer.learner.update(trainer.learner.collect())
    return by_name(trainer)


def test_names_cover_modules_and_the_longest_counts():
    assert covers("encoder", "encoder.0.weight")
    assert covers("encoder.0", "encoder.0.weight")
    assert not covers("encoder", "encoder_x.weight")
    assert not covers("encoder.1", "encoder.10.bias")
    names = ["encoder", "encoder.0"]
    assert covering("encoder.0.bias", names) == "encoder.0"
    assert covering("encoder.2.bias", names) == "encoder"
    assert covering("head.bias", names) is None


def test_the_table_is_laid_out_only_where_rates_change():
    shapes = {"encoder.weight": torch.Size([2, 3]), "head.weight": torch.Size([2])}
    schedule = [{}, {"encoder": 0.0}, {"encoder": 0.0}, {"encoder": 0.5, "head": 2.0}]
    table = RateTable(lambda u: schedule[u], shapes, torch.device("cpu"))
    assert table.at(0) is None
    frozen = table.at(1)
    assert frozen.multiplier.tolist() == [0.0] * 6 + [1.0] * 2
    assert frozen.any_frozen
    assert table.at(2) is frozen
    last = table.at(3)
    assert last.multiplier.tolist() == [0.5] * 6 + [2.0] * 2
    assert not last.any_frozen


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_rates_out_of_range(rate):
    table = RateTable(lambda u: {"head": rate}, {"head": torch.Size([1])}, torch.device("cpu"))
    with pytest.raises(InvalidArgumentError, match="expected 0 or more"):
        table.at(0)


def test_a_name_that_covers_nothing_is_a_mistake(make_networks, make_trainer):
    hooks = LearnerHooks(rates=lambda update: {"policy-head": 0.0})
    with pytest.raises(UnknownNameError, match="policy_head"):
        learn(make_trainer(make_networks(1), hooks=hooks))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [1, 2])
def test_what_is_frozen_stays_bit_for_bit(kind, count, make_networks, make_trainer):
    hooks = LearnerHooks(rates=lambda update: {"encoder": 0.0})
    trainer = make_trainer(make_networks(count, kind), hooks=hooks)
    before, after = by_name(trainer), learn(trainer, 3)
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert not any(name.startswith("encoder.") for name in moved)
    assert {"policy_head", "value_head"} <= {name.split(".")[0] for name in moved}
    moments = trainer.learner.stack.views(trainer.learner.optimizer.mean)
    assert all(not m.any() for name, m in moments.items() if name.startswith("encoder."))


def test_frozen_parts_do_not_count_in_the_clipping(make_networks, make_trainer):
    """Freezing by rate and by ``requires_grad`` are the same."""
    rated, plain = make_networks(1), make_networks(1)
    for parameter in plain[0].encoder.parameters():
        parameter.requires_grad_(False)
    hooks = LearnerHooks(rates=lambda update: {"encoder": 0.0})
    one, two = learn(make_trainer(rated, hooks=hooks), 3), learn(make_trainer(plain), 3)
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_thawing_happens_at_its_update(kind, make_networks, make_trainer):
    """Two passes a rollout: the encoder thaws in the midst of the second one."""
    asked = []

    def rates(update):
        asked.append(update)
        return {"encoder": 0.0} if update < 3 else {}

    trainer = make_trainer(make_networks(1, kind), hooks=LearnerHooks(rates=rates))
    start, first, second = by_name(trainer), learn(trainer), learn(trainer)
    name = "encoder.0.weight" if kind == "mlp" else "encoder.scalars.weight"
    assert torch.equal(start[name], first[name])
    assert not torch.equal(first[name], second[name])
    assert sorted(set(asked)) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_parts_move_in_proportion_to_their_rates(kind, make_networks, make_trainer):
    """One step from the start: what Adam would do, times the rate."""
    hooks = LearnerHooks(rates=lambda update: {"encoder": 0.25, "value_head": 3.0})
    plain = make_trainer(make_networks(2, kind), ONE_STEP)
    rated = make_trainer(make_networks(2, kind), ONE_STEP, hooks=hooks)
    before = by_name(plain)
    one, two = learn(plain), learn(rated)
    wanted = {"encoder": 0.25, "value_head": 3.0}
    for name, start in before.items():
        factor = wanted.get(name.split(".")[0], 1.0)
        torch.testing.assert_close(
            two[name] - start, factor * (one[name] - start), rtol=1e-3, atol=2e-6
        )


@pytest.mark.parametrize("kind", KINDS)
def test_rates_of_one_everywhere_change_nothing(kind, make_networks, make_trainer):
    hooks = LearnerHooks(rates=lambda update: {"encoder": 1.0})
    one = learn(make_trainer(make_networks(2, kind)), 2)
    two = learn(make_trainer(make_networks(2, kind), hooks=hooks), 2)
    assert all(torch.equal(value, two[name]) for name, value in one.items())


@pytest.mark.parametrize("kind", KINDS)
def test_controllers_that_go_on_keep_their_rates(kind, make_networks, make_trainer):
    """Of three learners two go on: as if the third had never been there."""

    def rates(update):
        return {"encoder": 0.0} if update < 3 else {"encoder": 0.5, "policy_head": 2.0}

    hooks = LearnerHooks(rates=rates)
    whole = make_trainer(make_networks(3, kind), hooks=hooks)
    pair = [network for k, network in enumerate(make_networks(3, kind)) if k != 1]
    alone = make_trainer(pair, hooks=hooks, seeds=[0, 2])
    learn(whole)
    learn(alone)
    whole.learner.keep([0, 2])
    one, two = learn(whole, 2), learn(alone, 2)
    for name, value in one.items():
        torch.testing.assert_close(value, two[name], rtol=1e-4, atol=1e-5)


def test_learning_elsewhere_goes_at_the_rates_of_the_update_that_comes_next(
    make_networks, make_trainer
):
    """However much is rehearsed, frozen parts wait for their update."""
    asked = []

    def rates(update):
        asked.append(update)
        return {"encoder": 0.0} if update < 4 else {}

    trainer = make_trainer(make_networks(1), hooks=LearnerHooks(rates=rates))
    start, learner = by_name(trainer), trainer.learner
    learn(trainer)
    asked.clear()
    with learner.elsewhere(learner.streams, ONE_STEP):
        after = learn(trainer, 6)
    assert set(asked) == {2}
    assert learner.updates == 2
    assert torch.equal(start["encoder.0.weight"], after["encoder.0.weight"])
    learn(trainer)
    assert learner.updates == 4
    assert not torch.equal(learn(trainer)["encoder.0.weight"], start["encoder.0.weight"])
