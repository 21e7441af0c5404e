"""The shared controller: its networks for known and new tasks, its checkpoints."""

import itertools

import pytest
import torch

from rlnas.agents import PPOController, SharedController
from rlnas.agents.networks import layout_of
from rlnas.errors import CheckpointError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import get_space

KINDS = ("mlp", "transformer")


@pytest.fixture(scope="module")
def shared(tasks, small):
    """A shared controller of each kind after two rollouts; do not change them."""
    return {
        kind: SharedController.train(tasks, 200, config=config, device="cpu")
        for kind, config in small.items()
    }


def test_heads_and_embeddings_differ_by_task(shared, tasks, same):
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
def test_the_network_of_a_new_task(kind, shared, tasks, weights, same):
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
def test_load_gives_the_same_controller(kind, shared, tmp_path, weights, same):
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


def test_mistakes_of_a_shared_controller(shared, tasks):
    with pytest.raises(UnknownNameError, match="source task"):
        shared["mlp"].network_for_task("jigsaw")
    for sources in ([], ["a", "a"]):
        with pytest.raises(InvalidArgumentError, match="none of them twice"):
            SharedController(tasks[0].space, sources)
    with pytest.raises(InvalidArgumentError, match="embedding is 0"):
        SharedController(tasks[0].space, ["a"], embedding=0)
