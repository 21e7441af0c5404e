"""Single, Gymnasium vector and Stable-Baselines3 vector environments are one environment."""

import gymnasium
import numpy as np
import pytest

from rlnas.envs.sb3 import BatchedVecEnv

N = 6
NAMES = ("rlnas/Improvement-v0", "rlnas/Construction-v0")


def make_vector(name, seed, n=N, **knobs):
    envs = gymnasium.make_vec(name, num_envs=n, vectorization_mode="vector_entry_point", **knobs)
    obs, infos = envs.reset(seed=seed)
    return envs.unwrapped, obs, infos


@pytest.mark.parametrize("name", NAMES)
def test_vector_agrees_with_single_step_by_step(name, random_policy):
    envs, obs, infos = make_vector(name, seed=5)
    singles = [gymnasium.make(name).unwrapped for _ in range(N)]
    rng = np.random.default_rng(0)

    def restart(i):
        # The single environment starts where the batch drew its new episode.
        options = {}
        if "Improvement" in name:
            vector = envs._state.vectors[i]
            options = {"architecture": envs.core.space.format(vector)}
        return singles[i].reset(options=options)

    for i in range(N):
        first, info = restart(i)
        np.testing.assert_array_equal(first, obs[i])
        np.testing.assert_array_equal(info["action_mask"], infos["action_mask"][i])
    ends = 0
    for step in range(45):
        # Every third step ignores the mask, so illegal actions are compared too.
        legal = random_policy(infos["action_mask"], rng)
        free = rng.integers(envs.core.layout.actions, size=N)
        actions = free if step % 3 == 0 else legal
        obs, rewards, ended, truncated, infos = envs.step(actions)
        assert not truncated.any()
        for i in range(N):
            single, reward, end, _, info = singles[i].step(actions[i])
            assert reward == rewards[i]
            assert end == ended[i]
            if end:
                ends += 1
                np.testing.assert_array_equal(single, infos["final_obs"][i])
                assert infos["_final_obs"][i]
                assert infos["final_info"]["episode"]["score"][i] == info["score"]
                single, info = restart(i)
            elif ended.any():
                assert infos["final_obs"][i] is None
            np.testing.assert_array_equal(single, obs[i])
            np.testing.assert_array_equal(info["action_mask"], infos["action_mask"][i])
    assert ends >= 2 * N


@pytest.mark.parametrize("name", NAMES)
def test_sb3_vector_agrees_with_gymnasium_vector(name, random_policy):
    envs, _, _ = make_vector(name, seed=5)
    sb3 = BatchedVecEnv(envs.core, N)
    sb3.seed(5)
    obs = sb3.reset()
    np.testing.assert_array_equal(obs, make_vector(name, seed=5)[1])
    envs.reset(seed=5)
    rng, returns, lengths, ends = np.random.default_rng(1), np.zeros(N), np.zeros(N), 0
    for _ in range(45):
        actions = random_policy(sb3.action_masks(), rng)
        obs, rewards, ended, infos = sb3.step(actions)
        other, other_rewards, other_ended, _, other_infos = envs.step(actions)
        np.testing.assert_array_equal(obs, other)
        np.testing.assert_array_equal(rewards, other_rewards.astype(np.float32))
        np.testing.assert_array_equal(ended, other_ended)
        np.testing.assert_array_equal(sb3.action_masks(), other_infos["action_mask"])
        returns, lengths = returns + other_rewards, lengths + 1
        for i in np.flatnonzero(ended):
            ends += 1
            np.testing.assert_array_equal(
                infos[i]["terminal_observation"], other_infos["final_obs"][i]
            )
            assert not infos[i]["TimeLimit.truncated"]
            episode = other_infos["final_info"]["episode"]
            assert infos[i]["episode"]["r"] == episode["r"][i] == pytest.approx(returns[i])
            assert infos[i]["episode"]["l"] == episode["l"][i] == lengths[i]
            returns[i] = lengths[i] = 0
        assert all(not infos[i] for i in np.flatnonzero(~ended))
    assert ends >= 2 * N


def test_autoreset_is_in_the_same_step(random_policy):
    envs, _, infos = make_vector("rlnas/Improvement-v0", seed=0, horizon=3)
    layout, rng = envs.core.layout, np.random.default_rng(0)
    time_left = layout.scalars.start
    for step in range(1, 10):
        obs, _, ended, _, infos = envs.step(random_policy(infos["action_mask"], rng))
        if step % 3:
            assert not ended.any()
            assert "final_obs" not in infos
            continue
        assert ended.all()
        final = np.stack(infos["final_obs"])
        np.testing.assert_array_equal(final[:, time_left], 0.0)  # the old episode is over
        np.testing.assert_array_equal(obs[:, time_left], 1.0)  # the new one has all its time
        assert final[:, layout.seen].sum() > 0
        assert obs[:, layout.seen].sum() == 0


def test_only_ended_episodes_restart():
    envs, _, _ = make_vector("rlnas/Improvement-v0", seed=0, allow_stop=True)
    before = envs._state.vectors.copy()
    stop = envs.core.stop
    actions = np.array([stop, 0, stop, 0, 0, 0])
    _, _, ended, _, _ = envs.step(actions)
    np.testing.assert_array_equal(ended, actions == stop)
    np.testing.assert_array_equal(envs._state.steps, np.where(ended, 0, 1))
    expected = envs.core.space.edit(before[[1, 3, 4, 5]], np.zeros(4, dtype=int))
    np.testing.assert_array_equal(envs._state.vectors[[1, 3, 4, 5]], expected)


def test_seeds_of_a_batch():
    _, one, _ = make_vector("rlnas/Improvement-v0", seed=1)
    _, again, _ = make_vector("rlnas/Improvement-v0", seed=np.int64(1))
    _, other, _ = make_vector("rlnas/Improvement-v0", seed=2)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    listed = [make_vector("rlnas/Improvement-v0", seed=[4, None, 1, 2, 3, k])[1] for k in (5, 5, 6)]
    np.testing.assert_array_equal(listed[0], listed[1])
    assert not np.array_equal(listed[0], listed[2])


def test_reset_without_a_seed_goes_on_drawing():
    envs, first, _ = make_vector("rlnas/Improvement-v0", seed=1)
    assert not np.array_equal(first, envs.reset()[0])


def test_state_can_be_taken_and_restored(improvement, random_policy):
    env = BatchedVecEnv(improvement(), 4, seed=0)
    env.reset()
    rng = np.random.default_rng(0)
    for _ in range(7):
        env.step(random_policy(env.action_masks(), rng))
    arrays = {k: v.copy() for k, v in env.state_arrays().items()}
    generator_state = env.rng_state()
    actions = [rng.integers(25, size=4) for _ in range(30)]
    expected = [env.step(a) for a in actions]
    other = BatchedVecEnv(improvement(), 4, seed=99)
    other.restore(arrays, generator_state)
    for a, (obs, rewards, ended, infos) in zip(actions, expected, strict=True):
        got = other.step(a)
        np.testing.assert_array_equal(got[0], obs)
        np.testing.assert_array_equal(got[1], rewards)
        np.testing.assert_array_equal(got[2], ended)
        assert [i.get("episode") for i in got[3]] == [i.get("episode") for i in infos]
    with pytest.raises(ValueError, match="arrays"):
        BatchedVecEnv(improvement(), 5).restore(env.state_arrays(), generator_state)


def test_sb3_protocol(improvement):
    from sb3_contrib.common.maskable.utils import get_action_masks, is_masking_supported

    env = BatchedVecEnv(improvement(), 3, seed=0)
    env.reset()
    assert is_masking_supported(env)
    masks = get_action_masks(env)
    np.testing.assert_array_equal(masks, env.action_masks())
    assert masks.shape == (3, 25)
    assert len(env.env_method("action_masks", indices=[0, 2])) == 2
    assert env.get_attr("num_envs", indices=0) == [3]
    assert env.has_attr("core")
    assert not env.has_attr("no_such_thing")
    with pytest.raises(AttributeError):
        env.get_attr("no_such_thing")
    assert env.env_is_wrapped(gymnasium.Wrapper) == [False] * 3
