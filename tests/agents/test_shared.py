"""Training on several sources: the shared controller and the jointly trained one."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from rlnas.agents import ControllerConfig, PPOConfig, PPOController, SharedController
from rlnas.agents.engine import DeviceTrainer
from rlnas.agents.joint import share_rollouts, train_on_several
from rlnas.agents.networks import build_policy, layout_of
from rlnas.envs import ImprovementConfig
from rlnas.errors import CheckpointError, InvalidArgumentError, LeakageError, UnknownNameError
from rlnas.spaces import get_space
from rlnas.tasks import TabularTask, make_task

KINDS = ("mlp", "transformer")
TRAINERS = {"shared": SharedController.train_many, "joint": PPOController.train_many_jointly}


def weights(controller):
    return {n: v.clone() for n, v in controller.network.state_dict().items()}


def same(one, other):
    return all(torch.equal(v, other[n]) for n, v in one.items())


@pytest.fixture(scope="module")
def tasks(suite):
    """Three source tasks."""
    return [suite[f"synthetic-{i}"] for i in range(3)]


@pytest.fixture(scope="module")
def shared(tasks, small):
    """A shared controller of each kind after two rollouts; do not change them."""
    return {
        kind: SharedController.train(tasks, 200, config=config, device="cpu")
        for kind, config in small.items()
    }


@pytest.fixture(scope="module")
def joint(tasks, small):
    """A jointly trained controller; do not change it."""
    return PPOController.train_jointly(tasks, 200, config=small["mlp"], device="cpu")


# -- training ------------------------------------------------------------------------------


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
def test_many_are_trained_as_each_alone(name, kind, tasks, small):
    groups, seeds = [tasks[:2], tasks[1:]], [3, 4]
    many = TRAINERS[name](groups, 200, seeds, config=small[kind], device="cpu")
    for group, seed, one in zip(groups, seeds, many, strict=True):
        (alone,) = TRAINERS[name]([group], 200, [seed], config=small[kind], device="cpu")
        assert one.sources == alone.sources
        for key, value in weights(alone).items():
            torch.testing.assert_close(weights(one)[key], value, rtol=1e-3, atol=1e-4)
    assert not same(weights(many[0]), weights(many[1]))


@pytest.mark.parametrize("name", TRAINERS)
def test_training_is_determined_by_its_seed(name, tasks, small):
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
    space = tasks[0].space

    def trained(factor, per_task=True):
        layout = layout_of(space, config.environment)
        network = build_policy(config.network, space, layout, seed=0)
        torch.nn.init.zeros_(network.value_head.weight)  # a value of 0 is so on every scale
        pair = [tasks[0], scaled(tasks[1], factor)]
        if per_task:
            train_on_several([network], [pair], config, steps=480, seeds=[0], device="cpu")
        else:
            trainer = DeviceTrainer([network], config.environment, [pair], config.ppo, seeds=[0])
            trainer.learn(960)
            trainer.release()
        return torch.cat([p.flatten() for p in network.parameters()])

    torch.testing.assert_close(trained(1000.0), trained(1.0), rtol=1e-2, atol=1e-4)
    difference = (trained(1000.0, per_task=False) - trained(1.0, per_task=False)).abs().max()
    assert difference > 1e-3


# -- the shared controller -----------------------------------------------------------------


def test_heads_and_embeddings_differ_by_task(shared, tasks):
    for controller in shared.values():
        networks = [controller.network_for_task(task.name) for task in tasks]
        for one, other in itertools.pairwise(networks):
            assert not same(one.policy_head.state_dict(), other.policy_head.state_dict())
        for part in controller.network.task_embedding.weight[1:]:
            assert not torch.equal(part, controller.network.task_embedding.weight[0])
    mlp = shared["mlp"]
    networks = [mlp.network_for_task(task.name) for task in tasks]
    assert all(
        same(n.encoder[2].state_dict(), networks[0].encoder[2].state_dict()) for n in networks
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_s_controller_searches_as_the_shared_one(kind, shared, tasks, suite):
    controller = shared[kind].controller_for(tasks[1].name)
    assert isinstance(controller, PPOController)
    result = controller.search(suite["synthetic-3"], 10, seed=0)
    assert len(result.records) == 10
    other = shared[kind].controller_for(None).search(suite["synthetic-3"], 10, seed=0)
    assert len(other.records) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_the_network_of_a_new_task(kind, shared, tasks):
    source = shared[kind]
    space = tasks[0].space
    new = source.network_for_new_task(space, seed=5)
    mean = source.network_for_new_task(space, seed=5, weights=[1 / 3] * 3)
    trunk = {
        n for n in weights(source) if not n.startswith(("policy_head", "value_head", "task_em"))
    }
    for network in (new, mean):
        state = network.state_dict()
        assert all(torch.equal(state[n], weights(source)[n]) for n in trunk)
        assert network.num_tasks == 1
    head = {n for n in new.state_dict() if n.startswith(("policy_head", "task_embedding"))}
    assert any(not torch.equal(new.state_dict()[n], mean.state_dict()[n]) for n in head)
    rows = source.network.task_embedding.weight
    torch.testing.assert_close(mean.task_embedding.weight[0], rows.mean(0))
    other = source.network_for_new_task(space, seed=6)
    assert not same(new.value_head.state_dict(), other.value_head.state_dict())


def test_a_transformer_goes_to_another_space_and_a_perceptron_does_not(shared, tasks):
    space = get_space("nasbench-201")
    source = shared["transformer"]
    for network in (
        source.network_for_new_task(space, seed=0),
        source.network_for_task(tasks[0].name, space=space),
    ):
        assert network.layout == layout_of(space, source.config.environment)
    with pytest.raises(InvalidArgumentError, match="kind='transformer'"):
        shared["mlp"].network_for_new_task(space, seed=0)


@pytest.mark.parametrize("kind", KINDS)
def test_load_gives_the_same_controller(kind, shared, tmp_path):
    controller = shared[kind]
    loaded = SharedController.load(controller.save(tmp_path / "shared"))
    assert same(weights(controller), weights(loaded))
    assert loaded.options() == controller.options()
    assert sorted(p.name for p in (tmp_path / "shared").iterdir()) == [
        "config.json",
        "weights.safetensors",
    ]


def test_checkpoints_of_the_other_kind_are_refused(shared, joint, tmp_path):
    one, other = shared["mlp"].save(tmp_path / "shared"), joint.save(tmp_path / "joint")
    with pytest.raises(CheckpointError, match="holds a SharedController, not a PPOController"):
        PPOController.load(one)
    with pytest.raises(CheckpointError, match="holds a PPOController, not a SharedController"):
        SharedController.load(other)
    text = (one / "config.json").read_text().replace('"kind": "shared"', '"kind": ["x"]')
    (one / "config.json").write_text(text)
    for cls in (PPOController, SharedController):
        with pytest.raises(CheckpointError):
            cls.load(one)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors"])
def test_damaged_checkpoints_are_reported(name, shared, tmp_path):
    folder = shared["mlp"].save(tmp_path / "shared")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError):
        SharedController.load(folder)


# -- the jointly trained controller --------------------------------------------------------


def test_a_joint_controller_is_a_plain_one(joint, tasks, tmp_path, suite):
    loaded = PPOController.load(joint.save(tmp_path / "joint"))
    assert loaded.sources == joint.sources == tuple(task.name for task in tasks)
    assert same(weights(loaded), weights(joint))
    one, two = (c.search(suite["synthetic-3"], 12, seed=1) for c in (joint, loaded))
    assert [r.architecture for r in one.records] == [r.architecture for r in two.records]


def test_joint_training_cannot_go_on(joint, tasks):
    with pytest.raises(InvalidArgumentError, match="trained jointly"):
        joint.continue_training(tasks[0], 1000, device="cpu")


# -- mistakes ------------------------------------------------------------------------------


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


def test_mistakes_of_a_shared_controller(shared, tasks):
    with pytest.raises(UnknownNameError, match="source task"):
        shared["mlp"].network_for_task("jigsaw")
    for sources in ([], ["a", "a"]):
        with pytest.raises(InvalidArgumentError, match="none of them twice"):
            SharedController(tasks[0].space, sources)
    with pytest.raises(InvalidArgumentError, match="embedding is 0"):
        SharedController(tasks[0].space, ["a"], embedding=0)


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
