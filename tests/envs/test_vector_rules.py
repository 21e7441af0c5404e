"""Options, masks, orders and limits: what Gymnasium and Stable-Baselines3 do with them."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import rlnas
from rlnas.benchmarks import synthetic_suite
from rlnas.envs import (
    ConstructionVectorEnv,
    ImprovementConfig,
    ImprovementEnv,
    ImprovementVectorEnv,
    TableScorer,
    make_core,
)
from rlnas.envs.sb3 import BatchedVecEnv
from rlnas.errors import InvalidArchitectureError, InvalidArgumentError, RlnasError

TASK = synthetic_suite()["synthetic-0"]
SPACE = TASK.space
WHERE = SPACE.format(SPACE.arrays[100])
KINDS = (ImprovementVectorEnv, ConstructionVectorEnv)


def vectors(env):
    return [SPACE.format(v) for v in env._state.vectors]


def legal(infos):
    return infos["action_mask"].argmax(axis=1)


class TestOptions:
    """``reset(options=…)`` of the batch."""

    def test_all_start_at_the_architecture_asked_for(self):
        env = ImprovementVectorEnv(3, task=TASK)
        obs, _ = env.reset(seed=0, options={"architecture": WHERE})
        assert vectors(env) == [WHERE] * 3
        single, _ = ImprovementEnv(task=TASK).reset(options={"architecture": WHERE})
        np.testing.assert_array_equal(obs, np.tile(single, (3, 1)))

    def test_without_options_the_starts_are_what_they_were(self):
        one, other = (
            ImprovementVectorEnv(3, task=TASK).reset(seed=5, options=o)[0] for o in (None, {})
        )
        np.testing.assert_array_equal(one, other)

    def test_no_architecture_is_refused(self):
        with pytest.raises(InvalidArchitectureError):
            ImprovementVectorEnv(3, task=TASK).reset(options={"architecture": "nonsense"})

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_mask_starts_some_and_leaves_the_others(self, kind):
        env = kind(4, task=TASK, autoreset_mode="Disabled")
        _, infos = env.reset(seed=0)
        for _ in range(2):
            obs, _, _, _, infos = env.step(legal(infos))
        mask = np.array([True, False, False, True])
        options = {"reset_mask": mask, "architecture": WHERE}
        after, infos = env.reset(options=options)
        assert "reset_mask" in options, "what was given stays as it was"
        np.testing.assert_array_equal(after[~mask], obs[~mask])
        assert env._state.steps.tolist() == [0, 2, 2, 0]
        assert infos["action_mask"].shape == (4, env.single_action_space.n)
        if kind is ImprovementVectorEnv:
            assert np.array(vectors(env))[mask].tolist() == [WHERE] * 2

    @pytest.mark.parametrize(
        "mask", [[True] * 3, np.ones(2, dtype=bool), np.ones(3), np.zeros(3, dtype=bool)]
    )
    def test_wrong_masks_are_refused(self, mask):
        env = ImprovementVectorEnv(3, task=TASK)
        env.reset()
        with pytest.raises(InvalidArgumentError, match="reset_mask"):
            env.reset(options={"reset_mask": mask})

    def test_a_part_cannot_start_before_all_did(self):
        mask = np.array([True, False])
        with pytest.raises(InvalidArgumentError, match="reset"):
            ImprovementVectorEnv(2, task=TASK).reset(options={"reset_mask": mask})

    @pytest.mark.parametrize("seed", [1.5, -1, "1", [1, 2], True])
    def test_wrong_seeds_are_refused(self, seed):
        with pytest.raises(InvalidArgumentError, match="seed"):
            ImprovementVectorEnv(3, task=TASK).reset(seed=seed)

    def test_options_of_stable_baselines(self):
        core = make_core(TableScorer(TASK, "log-rank"), ImprovementConfig())
        env = BatchedVecEnv(core, 3, seed=0)
        env.set_options({"architecture": WHERE})
        env.reset()
        assert vectors(env) == [WHERE] * 3
        env.reset()
        assert vectors(env) != [WHERE] * 3, "they are for one reset"
        env.set_options([{}, {"architecture": WHERE}, {}])
        env.reset()
        assert vectors(env)[1] == WHERE
        assert vectors(env)[0] != WHERE


class TestMasks:
    """Legal actions, as Gymnasium's spaces and MaskablePPO take them."""

    def test_spaces_sample_with_them(self):
        env = gymnasium.make("rlnas/Improvement-v0", task=TASK)
        _, info = env.reset(seed=0)
        assert info["action_mask"].dtype == np.int8
        assert info["action_mask"][env.action_space.sample(info["action_mask"])]
        assert env.unwrapped.action_masks().dtype == np.bool_
        envs = ImprovementVectorEnv(3, task=TASK)
        _, infos = envs.reset(seed=0)
        assert infos["action_mask"].dtype == np.int8
        actions = envs.action_space.sample(tuple(infos["action_mask"]))
        assert infos["action_mask"][np.arange(3), actions].all()

    def test_infos_become_lists(self):
        envs = gymnasium.wrappers.vector.DictInfoToList(ImprovementVectorEnv(3, task=TASK))
        _, infos = envs.reset(seed=0)
        assert len(infos) == 3


class TestOrder:
    """A step needs a reset."""

    def test_before_the_first(self):
        for env in (ImprovementEnv(task=TASK), ImprovementVectorEnv(1, task=TASK)):
            action = 0 if isinstance(env, ImprovementEnv) else np.zeros(1, dtype=int)
            with pytest.raises(InvalidArgumentError, match="call reset"):
                env.step(action)
        with pytest.raises(gymnasium.error.ResetNeeded):
            gymnasium.make("rlnas/Improvement-v0", task=TASK).step(0)

    def test_ended_ones_that_do_not_restart_by_themselves(self):
        env = ConstructionVectorEnv(2, task=TASK, autoreset_mode=AutoresetMode.DISABLED)
        _, infos = env.reset(seed=0)
        ended = np.zeros(2, dtype=bool)
        while not ended.any():
            _, _, ended, _, infos = env.step(legal(infos))
        with pytest.raises(InvalidArgumentError, match="reset_mask"):
            env.step(np.zeros(2, dtype=int))
        _, infos = env.reset(options={"reset_mask": ended})
        env.step(legal(infos))


def test_next_step_restarts_as_gymnasiums_own_batch_does():
    kinds = [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP]
    for mode in kinds:
        theirs = SyncVectorEnv(
            [lambda: gymnasium.make("rlnas/Construction-v0", task=TASK)] * 3, autoreset_mode=mode
        )
        ours = ConstructionVectorEnv(3, task=TASK, autoreset_mode=mode.value)
        assert ours.metadata["autoreset_mode"] == mode
        (obs, infos), (expected, _) = ours.reset(seed=0), theirs.reset(seed=0)
        rng = np.random.default_rng(0)
        for _ in range(20):
            np.testing.assert_array_equal(obs, expected)
            actions = np.array([rng.choice(np.flatnonzero(m)) for m in infos["action_mask"]])
            obs, *told, infos = ours.step(actions)
            expected, *others, their_infos = theirs.step(actions)
            for one, other in zip(told, others, strict=True):
                np.testing.assert_array_equal(one, other)
            assert ("final_obs" in infos) == ("final_obs" in their_infos)


@pytest.mark.parametrize("kind", ["Improvement", "Construction"])
def test_a_limit_of_steps_truncates_as_gymnasiums_own_does(kind):
    ours = gymnasium.make_vec(
        f"rlnas/{kind}-v0", 2, "vector_entry_point", task=TASK, max_episode_steps=3
    )
    theirs = gymnasium.make_vec(f"rlnas/{kind}-v0", 2, "sync", task=TASK, max_episode_steps=3)
    _, infos = ours.reset(seed=0)
    theirs.reset(seed=0)
    for step in range(1, 4):
        actions = legal(infos)
        _, _, ended, truncated, infos = ours.step(actions)
        assert truncated.tolist() == theirs.step(actions)[3].tolist() == [step == 3] * 2
        assert not ended.any()
    assert infos["_final_obs"].all()
    assert ours.unwrapped._state.steps.tolist() == [0, 0]
    for wrong in (0, -2):
        with pytest.raises(InvalidArgumentError, match="max_episode_steps"):
            ImprovementVectorEnv(2, task=TASK, max_episode_steps=wrong)
    ImprovementVectorEnv(2, task=TASK, max_episode_steps=-1)


def test_a_users_own_task_is_asked_for_each_architecture_once():
    asked = []
    task = rlnas.make_task(SPACE, lambda text: asked.append(text) or float(text.count("3")))
    for env in (
        gymnasium.make("rlnas/Improvement-v0", task=task),
        gymnasium.make_vec("rlnas/Improvement-v0", 3, task=task),
    ):
        asked.clear()
        _, info = env.reset(seed=0)
        for _ in range(30):
            mask = np.atleast_2d(info["action_mask"])
            actions = mask.argmax(axis=1)
            _, reward, ended, truncated, info = env.step(
                actions if len(mask) > 1 else int(actions[0])
            )
            assert np.isfinite(reward).all()
            if len(mask) == 1 and (ended or truncated):
                _, info = env.reset()
        assert 0 < len(asked) == len(set(asked))


@pytest.mark.parametrize("task", [3, [TASK], {"a": 1}, 1.5, b"x"])
def test_what_is_no_task_is_refused(task):
    with pytest.raises(InvalidArgumentError, match="expected one task"):
        ImprovementEnv(task=task)


def test_a_task_that_is_not_there_is_named():
    with pytest.raises(RlnasError, match="Unknown task of rooms-micro 'class'"):
        ImprovementEnv(task="class")
