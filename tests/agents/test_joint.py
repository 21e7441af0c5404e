"""Joint training: a share for every task, many as each alone, and what is no group of tasks."""

import dataclasses

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PPOConfig, PPOController, SharedController
from rlnas.agents.engine import DeviceTrainer
from rlnas.agents.joint import share_rollouts, train_together
from rlnas.envs import ImprovementConfig
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.spaces import get_space
from rlnas.tasks import TabularTask, make_task

KINDS = ("mlp", "transformer")
TRAINERS = {"shared": SharedController.train_many, "joint": PPOController.train_many_jointly}


def test_steps_are_counted_on_each_task(tasks, small):
    """16 episodes become 18 for three tasks; 640 × 3 steps are six rollouts of 18 × 20."""
    for name, train in TRAINERS.items():
        seen = []
        (controller,) = train(
            [tasks],
            640,
            config=small["mlp"],
            device="cpu",
            on_progress=lambda done, wanted, seen=seen: seen.append((done, wanted)),
        )
        assert controller.steps == 6 * 360, name
        assert controller.sources == tuple(task.name for task in tasks)
        assert seen[0] == (360, 1920)
        assert seen[-1][1] == 1920


@pytest.mark.parametrize("name", TRAINERS)
@pytest.mark.parametrize("kind", KINDS)
def test_many_are_trained_as_each_alone(name, kind, tasks, small, weights, same):
    groups, seeds = [tasks[:2], tasks[1:]], [3, 4]
    many = TRAINERS[name](groups, 200, seeds, config=small[kind], device="cpu")
    for group, seed, one in zip(groups, seeds, many, strict=True):
        (alone,) = TRAINERS[name]([group], 200, [seed], config=small[kind], device="cpu")
        assert one.sources == alone.sources
        for key, value in weights(alone).items():
            torch.testing.assert_close(weights(one)[key], value, rtol=1e-3, atol=1e-4)
    assert not same(weights(many[0]), weights(many[1]))


@pytest.mark.parametrize("name", TRAINERS)
def test_training_is_determined_by_its_seed(name, tasks, small, weights, same):
    def train(seed):
        return weights(TRAINERS[name]([tasks], 200, [seed], config=small["mlp"], device="cpu")[0])

    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = train(0)
    assert same(first, train(0))
    assert not same(first, train(1))
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002


@pytest.mark.parametrize("num_tasks", range(1, 9))
def test_rollouts_are_shared_in_equal_parts(num_tasks):
    ppo = PPOConfig()
    shared = share_rollouts(ppo, num_tasks)
    rollout = shared.num_envs * shared.n_steps
    assert shared.num_envs % num_tasks == 0
    assert 0 <= shared.num_envs - ppo.num_envs < num_tasks
    assert -(-rollout // shared.batch_size) == ppo.num_envs * ppo.n_steps // ppo.batch_size
    assert rollout % shared.batch_size in range(-3, 1) or rollout % shared.batch_size > 300
    rest = dataclasses.replace(shared, num_envs=ppo.num_envs, batch_size=ppo.batch_size)
    assert rest == ppo


def scaled(task, factor):
    return TabularTask(task.name, task.space, factor * task.scores, task.metric)


def test_larger_rewards_give_a_task_no_more_gradient(tasks):
    """One task's rewards times 1000 change nothing where advantages are normalised task by task."""
    config = ControllerConfig(
        environment=ImprovementConfig(normaliser="identity"),
        ppo=PPOConfig(num_envs=16, n_steps=20, batch_size=320, n_epochs=1, vf_coef=0.0),
    )

    def blank(own, seed):
        controller = PPOController(own[0].space, config, seed=seed)
        # A value of 0 is so on every scale.
        torch.nn.init.zeros_(controller.network.value_head.weight)
        return controller

    def trained(factor, per_task=True):
        pair = [tasks[0], scaled(tasks[1], factor)]
        if per_task:
            (controller,) = train_together(blank, [pair], 480, [0], device="cpu")
        else:
            controller = blank(pair, 0)
            networks = [controller.network]
            trainer = DeviceTrainer(networks, config.environment, [pair], config.ppo, seeds=[0])
            trainer.learn(960)
            trainer.release()
        return torch.cat([p.flatten() for p in controller.network.parameters()])

    torch.testing.assert_close(trained(1000.0), trained(1.0), rtol=1e-2, atol=1e-4)
    difference = (trained(1000.0, per_task=False) - trained(1.0, per_task=False)).abs().max()
    assert difference > 1e-3


def test_a_joint_controller_is_a_plain_one(joint, tasks, tmp_path, suite, weights, same):
    loaded = PPOController.load(joint.save(tmp_path / "joint"))
    assert loaded.sources == joint.sources == tuple(task.name for task in tasks)
    assert same(weights(loaded), weights(joint))
    one, two = (c.search(suite["synthetic-3"], 12, seed=1) for c in (joint, loaded))
    assert [r.architecture for r in one.records] == [r.architecture for r in two.records]


def test_joint_training_cannot_go_on(joint, tasks):
    with pytest.raises(InvalidArgumentError, match="trained jointly"):
        joint.continue_training(tasks[0], 1000, device="cpu")


@pytest.mark.parametrize("name", TRAINERS)
def test_mistakes_are_explained(name, tasks, small, landscape):
    train, options = TRAINERS[name], {"config": small["mlp"], "device": "cpu"}
    elsewhere = landscape(get_space("nasbench-201"))
    function = make_task(tasks[0].space, len)
    for groups, seeds, match in (
        ([tasks[:1], tasks[1:]], [0], "same number"),
        ([[]], [0], "1 or more"),
        ([tasks, tasks], [0, 1, 2], "as many"),
        ([[tasks[0], tasks[0]]], [0], "twice"),
        ([[tasks[0], function]], [0], "whole table"),
        ([[tasks[0], elsewhere]], [0], "spaces"),
    ):
        with pytest.raises(InvalidArgumentError, match=match):
            train(groups, 100, seeds, **options)
    with pytest.raises(InvalidArgumentError, match="1 step"):
        train([tasks], 0, **options)


@pytest.mark.parametrize("name", TRAINERS)
def test_training_on_the_target_of_a_running_search_is_leakage(name, tasks, small):
    with tasks[1].sealed(), pytest.raises(LeakageError):
        TRAINERS[name]([tasks], 100, config=small["mlp"], device="cpu")


def test_tensorboard_of_each_controller(tasks, small, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    SharedController.train_many(
        [tasks[:2], tasks[1:]], 200, config=small["mlp"], device="cpu", log_dirs=folders
    )
    assert all(any(folder.iterdir()) for folder in folders)
