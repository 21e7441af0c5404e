"""Configurations refuse what cannot work, and survive a trip through JSON."""

import json

import pytest

from rlnas.agents import (
    ActingConfig,
    ControllerConfig,
    FineTuningConfig,
    PolicyConfig,
    PPOConfig,
)
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import InvalidArgumentError


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PolicyConfig(kind="cnn"), "kind"),
        (lambda: PolicyConfig(width=0), "width"),
        (lambda: PolicyConfig(kind="transformer", width=30, heads=4), "multiple"),
        (lambda: PPOConfig(num_envs=0), "num_envs"),
        (lambda: PPOConfig(batch_size=1), "at least 2"),
        (lambda: PPOConfig(num_envs=1, n_steps=1), "at least 2"),
        (lambda: PPOConfig(learning_rate=0), "learning_rate"),
        (lambda: PPOConfig(gamma=1.2), "gamma"),
        (lambda: PPOConfig(gae_lambda=-0.1), "gae_lambda"),
        (lambda: ActingConfig(temperature=-1), "temperature"),
        (lambda: ActingConfig(patience=0), "patience"),
        (lambda: FineTuningConfig(batch_size=11, n_steps=10), "batch_size"),
        (lambda: FineTuningConfig(batch_size=1), "batch_size"),
    ],
)
def test_impossible_values_are_refused(make, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    "config",
    [
        ControllerConfig(),
        ControllerConfig(
            environment=ImprovementConfig(horizon=7, reward="improvement", exponent=0.478),
            network=PolicyConfig(kind="transformer", width=24, heads=3),
            ppo=PPOConfig(num_envs=3, learning_rate=1e-4),
            acting=ActingConfig(temperature=0.0, avoid_known=False),
        ),
        ControllerConfig(environment=ConstructionConfig(illegal="penalise")),
    ],
)
def test_dictionaries_go_both_ways(config):
    tree = json.loads(json.dumps(config.to_dict()))
    assert ControllerConfig.from_dict(tree) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t["ppo"].update(lerning_rate=1.0), "lerning_rate"),
        (lambda t: t["environment"].update(kind="maze"), "maze"),
        (lambda t: t["network"].update(kind="cnn"), "cnn"),
        (lambda t: t.pop("acting"), "acting"),
        (lambda t: t.update(ppo=[1, 2]), "ppo"),
    ],
)
def test_wrong_dictionaries_are_refused(change, message):
    tree = ControllerConfig().to_dict()
    change(tree)
    with pytest.raises(InvalidArgumentError, match=message):
        ControllerConfig.from_dict(tree)


def test_fine_tuning_applies_to_one_environment():
    tuned = FineTuningConfig(n_steps=6, batch_size=3).apply(PPOConfig(gamma=0.9))
    assert (tuned.num_envs, tuned.n_steps, tuned.batch_size, tuned.gamma) == (1, 6, 3, 0.9)


def test_sb3_understands_every_argument():
    from inspect import signature

    from stable_baselines3 import PPO

    assert set(PPOConfig().sb3_arguments()) <= set(signature(PPO).parameters)
