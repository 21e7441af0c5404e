"""Checkpoints: what comes back is what was saved, and nothing hostile gets in."""

import json
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from rlnas.agents import PPOController
from rlnas.errors import CheckpointError
from rlnas.spaces import CellSpace
from rlnas.tasks import make_task

FILES = (
    "config.json",
    "weights.safetensors",
    "training_state.json",
    "training_state.safetensors",
)


@pytest.fixture
def saved(tmp_path, barely_trained):
    """A fresh checkpoint folder."""
    return barely_trained["mlp"].save(tmp_path / "agent")


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_load_gives_the_same_controller(kind, tmp_path, barely_trained, suite):
    controller = barely_trained[kind]
    loaded = PPOController.load(controller.save(tmp_path / "deep" / "agent"))
    assert loaded.config == controller.config
    assert (loaded.steps, loaded.sources) == (controller.steps, controller.sources)
    for name, value in controller.network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], value)
    one, two = (c.search(suite["synthetic-1"], 15, seed=4) for c in (controller, loaded))
    assert [r.architecture for r in one.records] == [r.architecture for r in two.records]


def test_a_checkpoint_holds_json_and_safetensors_alone(saved, tmp_path, barely_trained):
    assert sorted(p.name for p in saved.iterdir()) == sorted(FILES)
    for path in saved.glob("*.json"):
        json.loads(path.read_text())
    for path in saved.glob("*.safetensors"):
        load_file(path)
    slim = barely_trained["mlp"].save(tmp_path / "slim", training_state=False)
    assert sorted(p.name for p in slim.iterdir()) == ["config.json", "weights.safetensors"]


def test_saving_again_replaces_the_whole_folder(saved, barely_trained):
    (saved / ".DS_Store").write_text("left by the system")
    barely_trained["mlp"].save(saved, training_state=False)
    assert sorted(p.name for p in saved.iterdir()) == ["config.json", "weights.safetensors"]
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_a_failed_save_leaves_the_old_checkpoint(saved, barely_trained, monkeypatch):
    before = {p.name: p.read_bytes() for p in saved.iterdir()}

    def fail(*args, **kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr("rlnas.checkpoints.write_tensors", fail)
    with pytest.raises(OSError, match="no space"):
        barely_trained["mlp"].save(saved)
    assert {p.name: p.read_bytes() for p in saved.iterdir()} == before
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def test_a_folder_of_something_else_is_not_overwritten(tmp_path, barely_trained):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        barely_trained["mlp"].save(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_checkpoint_with_a_file_of_the_user_is_not_replaced(saved, barely_trained):
    (saved / "notes.txt").write_text("years of work")
    with pytest.raises(CheckpointError, match=r"holds notes\.txt"):
        barely_trained["mlp"].save(saved)
    assert (saved / "notes.txt").read_text() == "years of work"


def test_a_run_folder_or_file_is_not_replaced(tmp_path, barely_trained):
    (tmp_path / "config.json").write_text('{"search": {}}')
    with pytest.raises(CheckpointError, match="no checkpoint"):
        barely_trained["mlp"].save(tmp_path)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        barely_trained["mlp"].save(tmp_path / "config.json")
    assert (tmp_path / "config.json").read_text() == '{"search": {}}'


@pytest.mark.parametrize("name", [name for name in FILES if name != "config.json"])
def test_one_bit_is_noticed(name, saved, flipped):
    """Wherever it is: in a header, in a weight, in a number of the training state."""
    path = saved / name
    content = path.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 40)):
        path.write_bytes(flipped(content, place))
        with pytest.raises(CheckpointError, match=saved.name):
            PPOController.load(saved)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage"])
def test_damaged_files_are_reported(name, damage, saved):
    path = saved / name
    content = path.read_bytes()
    new = {"truncated": content[: len(content) // 2], "empty": b"", "garbage": b"\xff\x00" * 99}
    path.write_bytes(new[damage])
    with pytest.raises(CheckpointError):
        PPOController.load(saved)


@pytest.mark.parametrize(
    "name", ["config.json", "weights.safetensors", "training_state.safetensors"]
)
def test_missing_files_are_reported(name, saved):
    (saved / name).unlink()
    with pytest.raises(CheckpointError, match="missing"):
        PPOController.load(saved)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        PPOController.load(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError):
        PPOController.load(tmp_path / "file")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["pickle", "torch"])
def test_pickled_code_is_never_run(name, how, saved, tmp_path):
    target = tmp_path / "was-here"
    if how == "pickle":
        (saved / name).write_bytes(pickle.dumps(Bomb(target)))
    else:
        torch.save(Bomb(target), saved / name)
    with pytest.raises(CheckpointError):
        PPOController.load(saved)
    assert not target.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.update(format=99),
        lambda t: t.pop("controller"),
        lambda t: t.update(controller=[]),
        lambda t: t["controller"].pop("ppo"),
        lambda t: t["controller"]["ppo"].update(num_envs=-1),
        lambda t: t["controller"]["network"].update(width="wide"),
        lambda t: t["controller"]["network"].update(width=24),
        lambda t: t.update(seed="x"),
        lambda t: t.update(steps=None),
        lambda t: t.update(space="transnas-micro"),
        lambda t: t["space"].update(name="no-such-space"),
        lambda t: t["space"].update(operations=["none"]),
        lambda t: t.update(vocabulary=7),
        lambda t: t.update(seed=1.5),
        lambda t: t.update(steps=-1),
        lambda t: t.update(sources=[["a"]]),
        lambda t: t["controller"]["network"].update(width=16_000),
        lambda t: t["controller"]["network"].update(width=10**18),
        lambda t: t["controller"]["ppo"].update(num_envs=10**6, n_steps=10**6),
        lambda t: t["controller"]["environment"].update(horizon=10**12),
        lambda t: t["controller"]["ppo"].update(n_steps=10**400),
    ],
)
def test_hostile_configurations_are_reported(change, saved):
    path = saved / "config.json"
    tree = json.loads(path.read_text())
    change(tree)
    path.write_text(json.dumps(tree))
    with pytest.raises(CheckpointError):
        PPOController.load(saved)


def test_deeply_nested_json_is_reported(saved):
    for name in ("config.json", "training_state.json"):
        path = saved / name
        content = path.read_bytes()
        path.write_text("[" * 200_000)
        with pytest.raises(CheckpointError):
            PPOController.load(saved)
        path.write_bytes(content)


def test_weights_of_another_network_are_reported(saved, tmp_path, barely_trained):
    other = barely_trained["transformer"].save(tmp_path / "other")
    shutil.copy(other / "weights.safetensors", saved / "weights.safetensors")
    with pytest.raises(CheckpointError, match="damaged"):
        PPOController.load(saved)


@pytest.fixture(scope="session")
def of_engine(suite, small):
    """A controller of each engine after two rollouts; do not change them."""
    return {
        engine: PPOController.train(
            suite["synthetic-0"], 640, config=small["mlp"], engine=engine, device="cpu"
        )
        for engine in ("device", "sb3")
    }


def drop_numpy_state(tensors, values):
    del tensors["numpy_rng"]


def reshape_optimizer(tensors, values):
    name = next(n for n in tensors if n.endswith(("exp_avg", "mean")))
    tensors[name] = torch.zeros(3)


def reshape_episodes(tensors, values):
    tensors["episodes.scores"] = torch.zeros(3)


def shorten_generator(tensors, values):
    tensors["torch_rng"] = tensors["torch_rng"][:50].clone()


def spoil_numpy_state(tensors, values):
    tensors["numpy_rng"] = tensors["numpy_rng"][:50].clone()


def spoil_env_rng(tensors, values):
    values["env_rng"] = {"bit_generator": "PCG64"}


def spoil_steps(tensors, values):
    values["steps"] = None


def drop_slot(tensors, values):
    del tensors["optimizer.square"]


def drop_optimizer(tensors, values):
    for name in [n for n in tensors if n.startswith("optimizer.")]:
        del tensors[name]


def drop_step(tensors, values):
    del values["optimizer_steps"]


def widen_moment(tensors, values):
    tensors["optimizer.mean"] = tensors["optimizer.mean"].double()


def retype_episodes(tensors, values):
    tensors["episodes.index"] = tensors["episodes.index"].double()


def drop_clock(tensors, values):
    del tensors["episodes.clock"]


def shorten_device_generator(tensors, values):
    tensors["generator"] = tensors["generator"][:50].clone()


def drop_device_generator(tensors, values):
    del tensors["generator"]


def spoil_updates(tensors, values):
    del values["updates"]


def spoil_means(tensors, values):
    values["episodes"] = [[1.0]]


def leave_the_table(tensors, values):
    tensors["episodes.index"][0] = 10**6


def stop_the_clock(tensors, values):
    tensors["episodes.clock"] += 1


def square_below_zero(tensors, values):
    tensors["optimizer.square"][0] = -1


def step_below_zero(tensors, values):
    name = next(name for name in tensors if name.startswith("optimizer.") and "step" in name)
    tensors[name] = tensors[name] * 0 - 1


def no_operation(tensors, values):
    tensors["episodes.vectors"][0] = 100


BOTH = (reshape_optimizer, reshape_episodes, spoil_steps, spoil_updates)
CHANGES = {
    "sb3": (
        *BOTH,
        drop_numpy_state,
        shorten_generator,
        spoil_numpy_state,
        spoil_env_rng,
        step_below_zero,
        no_operation,
    ),
    "device": (
        *BOTH,
        drop_slot,
        drop_optimizer,
        drop_step,
        widen_moment,
        retype_episodes,
        drop_clock,
        shorten_device_generator,
        drop_device_generator,
        spoil_means,
        leave_the_table,
        stop_the_clock,
        square_below_zero,
    ),
}


@pytest.mark.parametrize(
    ("engine", "change"),
    [(engine, change) for engine, changes in CHANGES.items() for change in changes],
)
def test_a_training_state_that_does_not_fit_is_reported(engine, change, of_engine, tmp_path, suite):
    saved = of_engine[engine].save(tmp_path / "agent")
    tensors = load_file(saved / "training_state.safetensors")
    values = json.loads((saved / "training_state.json").read_text())
    change(tensors, values)
    save_file(tensors, saved / "training_state.safetensors")
    (saved / "training_state.json").write_text(json.dumps(values))
    controller = PPOController.load(saved)
    before = torch.get_rng_state()
    with pytest.raises(CheckpointError, match="training state"):
        controller.continue_training(suite["synthetic-0"], 2000, device="cpu")
    assert torch.equal(before, torch.get_rng_state())


def test_an_undamaged_state_of_either_engine_goes_on(of_engine, tmp_path, suite):
    """Otherwise the test above could pass for another reason."""
    for engine, controller in of_engine.items():
        loaded = PPOController.load(controller.save(tmp_path / engine))
        loaded.continue_training(suite["synthetic-0"], 960, device="cpu")
        assert loaded.steps == 960


def test_users_spaces_are_given_to_load(tmp_path, small):
    space = CellSpace("users-own", [(0, 1), (1, 2)], ["a", "b", "c"])
    task = make_task(space, lambda text: float(text.count("c")))
    folder = PPOController.train(task, 320, config=small["mlp"], device="cpu").save(tmp_path / "a")
    with pytest.raises(CheckpointError, match="space="):
        PPOController.load(folder)
    assert PPOController.load(folder, space=space).search(task, 5).best.score == 2.0
    other = CellSpace("users-own", [(0, 1), (1, 2)], ["a", "b", "d"])
    with pytest.raises(CheckpointError, match="operations"):
        PPOController.load(folder, space=other)
