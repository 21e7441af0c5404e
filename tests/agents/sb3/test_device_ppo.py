"""DevicePPO: Stable-Baselines3's interface over the device engine."""

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common import callbacks
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.logger import Logger

import rlnas.envs  # noqa: F401  (registers the ids)
from rlnas.agents import DevicePPO, PPOController
from rlnas.agents.engine import LearnerHooks
from rlnas.agents.sb3.policy import NetworkPolicy
from rlnas.envs import ImprovementConfig, TableScorer, make_core
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.errors import InvalidArgumentError

SMALL = {"n_steps": 20, "batch_size": 160, "n_epochs": 2, "device": "cpu", "seed": 0}


@pytest.fixture
def env(suite):
    config = ImprovementConfig()
    core = make_core(TableScorer(suite["synthetic-0"], config.normaliser), config)
    return BatchedVecEnv(core, 16)


def weights(model):
    return torch.cat([p.detach().reshape(-1) for p in model.policy.parameters()])


class Counting(BaseCallback):
    """Notes the steps at every call, and stops when told to."""

    def __init__(self, stop_at=None):
        super().__init__()
        self.seen, self.rollouts, self.stop_at = [], 0, stop_at

    def _on_step(self):
        self.seen.append(self.model.num_timesteps)
        return self.stop_at is None or self.model.num_timesteps < self.stop_at

    def _on_rollout_end(self):
        self.rollouts += 1


def test_it_is_a_ppo(env):
    model = DevicePPO("MlpPolicy", env, **SMALL)
    assert isinstance(model, PPO)
    assert model.learn(640) is model
    assert model.num_timesteps == 640
    assert model._n_updates == 4  # passes over rollouts, as Stable-Baselines3 counts them


def test_callbacks_are_called_after_every_step_of_the_batch(env):
    counting = Counting()
    DevicePPO("MlpPolicy", env, **SMALL).learn(640, callback=counting)
    assert counting.seen == list(range(16, 641, 16))
    assert counting.rollouts == 2


def test_a_callback_can_end_training_within_a_rollout(env):
    counting = Counting(stop_at=400)
    model = DevicePPO("MlpPolicy", env, **SMALL).learn(6400, callback=counting)
    assert model.num_timesteps == 400
    assert model._n_updates == 2  # the rollout that was broken off taught nothing


class Recording(Logger):
    def __init__(self):
        super().__init__(folder=None, output_formats=[])
        self.rows = []

    def dump(self, step=0):
        self.rows.append(dict(self.name_to_value))
        super().dump(step)


def test_the_logger_gets_what_stable_baselines_would_give_it(env):
    recording = Recording()
    recording.output_formats = [_Silent()]
    model = DevicePPO("MlpPolicy", env, **SMALL)
    model.set_logger(recording)
    model.learn(960)
    reference = PPO("MlpPolicy", env, **SMALL)
    reference_log = Recording()
    reference.set_logger(reference_log)
    reference.learn(960)
    assert reference_log.rows[1].keys() == recording.rows[1].keys()
    assert all(np.isfinite(value) for value in recording.rows[1].values())
    assert recording.rows[1]["rollout/ep_len_mean"] == 20


class _Silent:
    def write(self, *args, **kwargs):
        pass

    def close(self):
        pass


@pytest.mark.parametrize("policy", ["MlpPolicy", "network"])
def test_two_halves_make_a_whole(policy, suite, env):
    def make():
        if policy == "MlpPolicy":
            return DevicePPO("MlpPolicy", env, **SMALL)
        network = PPOController(suite.space, seed=0).network
        return DevicePPO(NetworkPolicy, env, policy_kwargs={"network": network}, **SMALL)

    whole = make().learn(1280)
    half = make().learn(640)
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002
    half.learn(640, reset_num_timesteps=False)
    assert half.num_timesteps == whole.num_timesteps == 1280
    assert torch.equal(weights(whole), weights(half))


def test_a_new_training_begins_with_new_episodes(env):
    model = DevicePPO("MlpPolicy", env, **{**SMALL, "n_steps": 7})
    model.learn(7 * 16)
    assert model.learner.streams.clock == 7
    model.learn(7 * 16)
    assert model.learner.streams.clock == 7
    model.learn(7 * 16, reset_num_timesteps=False)
    assert model.learner.streams.clock == 14


def test_global_generators_are_left_alone_while_learning(env):
    model = DevicePPO("MlpPolicy", env, **SMALL)
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model.learn(640)
    assert torch.equal(torch.get_rng_state(), before)
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002


def test_save_and_load(env, tmp_path):
    model = DevicePPO("MlpPolicy", env, **SMALL).learn(640)
    model.save(tmp_path / "model.zip")
    loaded = DevicePPO.load(tmp_path / "model.zip", env=env)
    obs = env.reset()
    np.testing.assert_array_equal(
        model.predict(obs, deterministic=True)[0], loaded.predict(obs, deterministic=True)[0]
    )
    before = weights(loaded).clone()
    loaded.learn(320)
    assert not torch.equal(weights(loaded), before)  # it trains the loaded policy, not a copy


def test_schedules_are_followed(env):
    rates = []

    class Watch(BaseCallback):
        def _on_step(self):
            return True

        def _on_rollout_start(self):
            rates.append(self.model.policy.optimizer.param_groups[0]["lr"])

    model = DevicePPO(
        "MlpPolicy",
        env,
        **{
            **SMALL,
            "learning_rate": lambda left: 1e-3 * left,
            "clip_range": lambda left: 0.1 * left,
        },
    )
    model.learn(960, callback=Watch())
    assert rates == pytest.approx([1e-3, 1e-3 * 2 / 3, 1e-3 / 3])


def test_target_kl_ends_the_passes_early(env):
    options = {**SMALL, "learning_rate": 0.05, "n_epochs": 10}
    free = DevicePPO("MlpPolicy", env, **options).learn(320)
    bound = DevicePPO("MlpPolicy", env, target_kl=1e-3, **options).learn(320)
    assert free._n_updates == 10
    assert bound._n_updates < 3


def test_learning_improves_the_return(env):
    model = DevicePPO(
        "MlpPolicy", env, **{**SMALL, "learning_rate": 3e-3, "batch_size": 320, "ent_coef": 0.01}
    )
    first = model.learn(320).ep_info_buffer
    before = np.mean([episode["r"] for episode in first])
    model.learn(16_000, reset_num_timesteps=False)
    after = np.mean([episode["r"] for episode in model.ep_info_buffer])
    assert after > before + 0.5  # half an order of magnitude in rank


def test_hooks_reach_the_learner(env):
    calls = []

    def count(batch, logits, values):
        calls.append(batch.actions.shape)
        return values.new_zeros(1)

    DevicePPO("MlpPolicy", env, hooks=LearnerHooks(extra_loss=count), **SMALL).learn(320)
    assert calls == [(1, 160)] * 4


def test_what_is_not_supported_is_said(suite, env):
    single = make_vec_env("rlnas/Improvement-v0", 2, env_kwargs={"task": suite["synthetic-0"]})
    with pytest.raises(InvalidArgumentError, match="BatchedVecEnv"):
        DevicePPO("MlpPolicy", single, **SMALL)
    with pytest.raises((InvalidArgumentError, ValueError), match="use_sde"):
        DevicePPO("MlpPolicy", env, use_sde=True, **SMALL)


class TestCallbacksOfStableBaselines:
    """Its own callbacks do what they do with its own PPO."""

    def test_steps_show_what_ended_and_what_it_gave(self, env):
        class Summing(BaseCallback):
            ended, gained = 0, 0.0

            def _on_step(self):
                assert self.locals["dones"].shape == self.locals["rewards"].shape == (16,)
                self.ended += int(np.sum(self.locals["dones"]))
                self.gained += float(self.locals["rewards"].sum())
                return True

        summing = Summing()
        model = DevicePPO("MlpPolicy", env, **SMALL).learn(640, callback=summing)
        ended = [episode["r"] for episode in model.ep_info_buffer]
        assert summing.ended == len(ended) == 32
        assert summing.gained == pytest.approx(sum(ended), rel=1e-4)

    def test_training_stops_after_a_number_of_episodes(self, env):
        stop = callbacks.StopTrainingOnMaxEpisodes(2, verbose=1)
        model = DevicePPO("MlpPolicy", env, **SMALL).learn(6400, callback=stop)
        assert stop.n_episodes == 32
        assert model.num_timesteps == 640

    def test_evaluations_checkpoints_and_intervals(self, env, suite, tmp_path):
        core = make_core(TableScorer(suite["synthetic-0"], "log-rank"), ImprovementConfig())
        others = BatchedVecEnv(core, 4)
        none = callbacks.StopTrainingOnNoModelImprovement(50)
        evaluation = callbacks.EvalCallback(
            others,
            eval_freq=10,
            n_eval_episodes=4,
            best_model_save_path=str(tmp_path / "best"),
            callback_after_eval=none,
            warn=False,
            verbose=0,
        )
        counting = Counting()
        model = DevicePPO("MlpPolicy", env, **SMALL)
        model.learn(
            960,
            callback=[
                evaluation,
                callbacks.CheckpointCallback(20, str(tmp_path / "kept")),
                callbacks.EveryNTimesteps(320, counting),
                callbacks.LogEveryNTimesteps(320),
            ],
        )
        assert len(list((tmp_path / "kept").glob("*.zip"))) == 3
        assert len(counting.seen) == 3
        assert np.isfinite(evaluation.last_mean_reward)
        assert DevicePPO.load(tmp_path / "best" / "best_model", device="cpu").num_timesteps > 0

    def test_a_threshold_stops_it(self, env, suite):
        core = make_core(TableScorer(suite["synthetic-0"], "log-rank"), ImprovementConfig())
        stop = callbacks.StopTrainingOnRewardThreshold(-1e9)
        evaluation = callbacks.EvalCallback(
            BatchedVecEnv(core, 4),
            callback_on_new_best=stop,
            eval_freq=5,
            n_eval_episodes=4,
            warn=False,
            verbose=0,
        )
        model = DevicePPO("MlpPolicy", env, **SMALL).learn(6400, callback=evaluation)
        assert model.num_timesteps == 5 * 16

    def test_a_progress_bar(self, env):
        pytest.importorskip("tqdm")
        pytest.importorskip("rich")
        DevicePPO("MlpPolicy", env, **SMALL).learn(320, progress_bar=True)
