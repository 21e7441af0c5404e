"""Models of DevicePPO: loading, other environments, early ends and one's own networks."""

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from rlnas.agents import DevicePPO
from rlnas.agents.sb3.policy import NetworkPolicy
from rlnas.envs import ImprovementConfig, LedgerScorer, RunningTransform, TableScorer, make_core
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import Budget

SMALL = {"n_steps": 20, "batch_size": 160, "n_epochs": 2, "device": "cpu", "seed": 0}


@pytest.fixture
def make_env(suite):
    """Return a maker of environments on a task."""

    def make(task="synthetic-0", num_envs=16):
        config = ImprovementConfig()
        core = make_core(TableScorer(suite[task], config.normaliser), config)
        return BatchedVecEnv(core, num_envs)

    return make


@pytest.fixture
def make_model(make_env, make_networks):
    """Return a maker of models by kind of policy."""

    def make(policy, **options):
        options = {**SMALL, **options}
        if policy == "MlpPolicy":
            return DevicePPO("MlpPolicy", make_env(), **options)
        (network,) = make_networks(1, policy)
        return DevicePPO(NetworkPolicy, make_env(), policy_kwargs={"network": network}, **options)

    return make


def weights(model):
    return torch.cat([p.detach().reshape(-1) for p in model.policy.parameters()])


POLICIES = ("MlpPolicy", "mlp", "transformer")


@pytest.mark.parametrize("policy", POLICIES)
def test_a_loaded_model_predicts_without_an_environment(policy, make_model, make_env, tmp_path):
    model = make_model(policy).learn(640)
    model.save(tmp_path / "model")
    loaded = DevicePPO.load(tmp_path / "model", device="cpu")
    obs = make_env().reset()
    expected, _ = model.predict(obs, deterministic=True)
    np.testing.assert_array_equal(loaded.predict(obs, deterministic=True)[0], expected)
    assert len(np.unique(expected)) > 1
    assert torch.equal(weights(loaded), weights(model))
    assert loaded.num_timesteps == 640
    with pytest.raises(InvalidArgumentError, match="set_env"):
        loaded.learner.collect()
    loaded.set_env(make_env())
    loaded.learn(320, reset_num_timesteps=False)
    assert loaded.num_timesteps == 960
    assert not torch.equal(weights(loaded), weights(model))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_loaded_model_has_the_optimizers_moments(policy, make_model, make_env, tmp_path):
    model = make_model(policy).learn(640)
    model.save(tmp_path / "model")
    loaded = DevicePPO.load(tmp_path / "model", env=make_env(), device="cpu")
    one, other = model.learner.optimizer, loaded.learner.optimizer
    assert torch.equal(one.mean, other.mean)
    assert torch.equal(one.square, other.square)
    assert one.mean.any()
    assert one.steps == other.steps == 8
    loaded.learn(320, reset_num_timesteps=False)
    assert other.steps == 12


def test_another_environment_can_be_set(make_model, make_env):
    model = make_model("mlp").learn(320)
    tables = model.learner.streams.environment.tables
    model.set_env(make_env("synthetic-1"))
    changed = model.learner.streams.environment.tables
    assert changed.tasks != tables.tasks
    assert not torch.equal(changed.scores, tables.scores)
    model.learn(320, reset_num_timesteps=False)
    assert model.num_timesteps == 640


def test_the_policy_is_the_network_that_was_given(make_env, make_networks):
    (network,) = make_networks(1)
    before = [p.clone() for p in network.parameters()]
    model = DevicePPO(NetworkPolicy, make_env(), policy_kwargs={"network": network}, **SMALL)
    model.learn(320)
    assert model.policy.network is network
    assert any(not torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))


def test_actions_of_a_masked_policy_are_legal(make_model):
    model = make_model("mlp").learn(640)
    rollout, layout = model._collected.rollout, model.learner.streams.layout
    legal = rollout.obs[..., layout.mask].gather(-1, rollout.actions[..., None])
    assert legal.all()


def test_target_kl_takes_no_step_on_the_minibatch_that_shows_it(make_model):
    """The first minibatch is on the policy that acted, so every step is one too far here."""
    options = {"target_kl": 1e-9, "learning_rate": 0.01, "n_epochs": 5}
    model = make_model("mlp", **options).learn(320)
    assert model.learner.optimizer.steps == 1
    reference = PPO(
        NetworkPolicy,
        model.env,
        policy_kwargs={"network": model.policy.network},
        **{**SMALL, **options},
    )
    reference.learn(320)
    steps = {int(slot["step"]) for slot in reference.policy.optimizer.state.values()}
    assert steps == {1}
    assert model._n_updates == reference._n_updates == 1


def test_without_a_seed_it_follows_the_global_generator(make_env):
    def train(seed):
        torch.manual_seed(seed)
        return weights(DevicePPO("MlpPolicy", make_env(), **{**SMALL, "seed": None}).learn(320))

    assert torch.equal(train(1), train(1))
    assert not torch.equal(train(1), train(2))


def test_a_target_is_refused(suite, make_networks):
    """Its table is not known: what is asked of it has a price."""
    task, config = suite["synthetic-0"], ImprovementConfig()
    ledger = task.ledger(Budget(queries=100))
    scorer = LedgerScorer(ledger, RunningTransform("log-rank"))
    env = BatchedVecEnv(make_core(scorer, config), 4)
    with pytest.raises(InvalidArgumentError, match="source task"):
        DevicePPO("MlpPolicy", env, **SMALL)


def test_training_needs_a_rollout(make_model):
    with pytest.raises(InvalidArgumentError, match="learn"):
        make_model("mlp").train()
