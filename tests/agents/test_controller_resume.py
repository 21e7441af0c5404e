"""N + N steps equal 2N steps, bit for bit."""

import dataclasses

import pytest
import torch

from rlnas.agents import PPOController
from rlnas.envs import ConstructionConfig, ImprovementConfig
from rlnas.errors import CheckpointError

ENVIRONMENTS = {
    "improvement": ImprovementConfig(),
    "odd-horizon": ImprovementConfig(horizon=7, allow_stop=True),
    "construction": ConstructionConfig(),
}


def assert_same(one, other):
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name
    (tensors, values), (others, other_values) = one._training_state, other._training_state
    assert tensors.keys() == others.keys()
    assert any(name.startswith("optimizer.") for name in tensors)
    for name, value in tensors.items():
        torch.testing.assert_close(
            value, others[name], rtol=0, atol=0, equal_nan=True, msg=f"{name} differs"
        )
    assert values == other_values


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("kind", ["mlp", "transformer"])
@pytest.mark.parametrize("engine", ["device", "sb3"])
@pytest.mark.parametrize("through_disk", [False, True])
def test_two_halves_make_a_whole(kind, environment, engine, through_disk, suite, small, tmp_path):
    task = suite["synthetic-0"]
    config = dataclasses.replace(small[kind], environment=ENVIRONMENTS[environment])
    options = {"seed": 3, "config": config, "engine": engine, "device": "cpu"}
    whole = PPOController.train(task, 1280, **options)
    half = PPOController.train(task, 640, **options)
    if through_disk:
        half = PPOController.load(half.save(tmp_path / "half"))
    torch.manual_seed(77)  # the caller's own use of the global generator does not matter
    half.search(suite["synthetic-1"], 5)  # nor does a search in between
    half.continue_training(task, 1280, device="cpu")
    assert half.steps == whole.steps == 1280
    assert_same(whole, half)


def test_the_check_sees_a_lost_optimizer(suite, small):
    task = suite["synthetic-0"]
    whole = PPOController.train(task, 1280, seed=3, config=small["mlp"], device="cpu")
    half = PPOController.train(task, 640, seed=3, config=small["mlp"], device="cpu")
    tensors, _ = half._training_state
    for name in tensors:
        if name.startswith("optimizer."):
            tensors[name].zero_()
    half.continue_training(task, 1280, device="cpu")
    with pytest.raises(AssertionError):
        assert_same(whole, half)


def test_many_pieces_make_a_whole(suite, small, tmp_path):
    task = suite["synthetic-0"]
    whole = PPOController.train(task, 1600, seed=1, config=small["mlp"], device="cpu")
    piece = PPOController(task.space, small["mlp"], seed=1)
    for steps in (100, 400, 401, 1599, 1600):
        piece.continue_training(task, steps, device="cpu")
        piece = PPOController.load(piece.save(tmp_path / "piece"))
    assert_same(whole, piece)


def test_training_on_after_enough_steps_does_nothing(suite, small):
    task = suite["synthetic-0"]
    controller = PPOController.train(task, 640, seed=1, config=small["mlp"], device="cpu")
    twin = PPOController.train(task, 640, seed=1, config=small["mlp"], device="cpu")
    controller.continue_training(task, 640, device="cpu")
    assert_same(controller, twin)


def test_without_a_training_state_there_is_no_going_on(suite, small, tmp_path):
    task = suite["synthetic-0"]
    controller = PPOController.train(task, 320, config=small["mlp"], device="cpu")
    loaded = PPOController.load(controller.save(tmp_path / "slim", training_state=False))
    with pytest.raises(CheckpointError, match="training_state=True"):
        loaded.continue_training(task, 640, device="cpu")


def test_auto_goes_on_where_training_began(suite, small, monkeypatch):
    """A GPU may be the faster one by now, but only the first device goes on exactly."""
    task = suite["synthetic-0"]
    controller = PPOController.train(task, 320, config=small["mlp"], device="cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        "rlnas.agents.controller.rollout_seconds", lambda *a, device, **k: float(device == "cpu")
    )
    assert controller.choose_device("auto", task, "device") == "cpu"
    assert PPOController(task.space, small["mlp"]).choose_device("auto", task, "device") == "cuda"
