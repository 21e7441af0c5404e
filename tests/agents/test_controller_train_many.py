"""Many controllers in one program: each as if it were trained alone."""

import pytest
import torch

from rlnas.agents import PPOController
from rlnas.benchmarks import synthetic_suite
from rlnas.errors import CheckpointError, InvalidArgumentError
from rlnas.spaces import get_space


def difference(one, other):
    pairs = zip(one.network.parameters(), other.network.parameters(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


@pytest.mark.parametrize("kind", ["mlp", "transformer"])
def test_a_controller_in_a_batch_is_the_controller_alone_but_for_rounding(kind, suite, small):
    tasks, seeds = [suite["synthetic-0"], suite["synthetic-1"], suite["synthetic-0"]], [0, 0, 4]
    many = PPOController.train_many(tasks, 640, seeds, config=small[kind], device="cpu")
    for controller, task, seed in zip(many, tasks, seeds, strict=True):
        alone = PPOController.train(task, 640, seed, config=small[kind], device="cpu")
        assert difference(controller, alone) < 2e-3
        assert controller.sources == alone.sources
        assert (controller.steps, controller.seed) == (alone.steps, alone.seed)
    assert difference(many[0], many[1]) > 1e-2
    assert difference(many[0], many[2]) > 1e-2


def test_the_same_batch_gives_the_same_controllers(suite, small):
    def train():
        return PPOController.train_many(
            [suite["synthetic-0"]], 640, [0, 1, 2], config=small["mlp"], device="cpu"
        )

    assert all(difference(a, b) == 0 for a, b in zip(train(), train(), strict=True))


def test_one_of_a_batch_goes_on_alone(suite, small, tmp_path):
    task = suite["synthetic-1"]
    many = PPOController.train_many([task], 640, [0, 1], config=small["mlp"], device="cpu")
    again = PPOController.load(many[1].save(tmp_path / "one"))
    for controller in (many[1], again):
        controller.continue_training(task, 960, device="cpu")
    assert difference(many[1], again) == 0
    alone = PPOController.train(task, 960, 1, config=small["mlp"], device="cpu")
    assert difference(many[1], alone) < 1e-2


def test_controllers_of_a_batch_share_no_memory(suite, small):
    many = PPOController.train_many(
        [suite["synthetic-0"]], 320, [0, 1], config=small["mlp"], device="cpu"
    )
    before = difference(many[0], many[1])
    with torch.no_grad():
        for parameter in many[0].network.parameters():
            parameter.zero_()
    assert any(float(p.abs().max()) > 0 for p in many[1].network.parameters())
    assert difference(many[0], many[1]) != before
    storages = {p.untyped_storage().data_ptr() for m in many for p in m.network.parameters()}
    assert len(storages) == 2 * len(list(many[0].network.parameters()))


def test_tensorboard_has_the_curves_of_each(suite, small, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folders = [tmp_path / "a", tmp_path / "b"]
    PPOController.train_many(
        [suite["synthetic-0"]], 12_000, [0, 1], config=small["mlp"], device="cpu", log_dirs=folders
    )
    last = []
    for folder in folders:
        events = EventAccumulator(str(folder))
        events.Reload()
        tags = events.Tags()["scalars"]
        assert {"rollout/ep_rew_mean", "rollout/ep_len_mean", "train/loss", "time/fps"} <= set(tags)
        curve = events.Scalars("rollout/ep_rew_mean")
        assert [point.step for point in curve] == [5120, 10240, 12160]
        last.append(curve[-1].value)
    assert last[0] != last[1]


def test_tasks_seeds_and_steps_must_fit(suite, small):
    task = suite["synthetic-0"]
    for tasks, seeds, steps in (([task] * 2, [0, 1, 2], 320), ([], [], 320), ([task], [0], 0)):
        with pytest.raises(InvalidArgumentError, match="expected as many of both"):
            PPOController.train_many(tasks, steps, seeds, config=small["mlp"])
    other = synthetic_suite(get_space("transnas-macro"))["synthetic-0"]
    with pytest.raises(InvalidArgumentError):
        PPOController.train_many([task, other], 320, [0], config=small["mlp"])


def test_an_engine_resumes_only_what_it_began(suite, small):
    task = suite["synthetic-0"]
    for engine, other in (("device", "sb3"), ("sb3", "device")):
        controller = PPOController.train(
            task, 320, config=small["mlp"], engine=engine, device="cpu"
        )
        with pytest.raises(CheckpointError, match="engine"):
            controller.continue_training(task, 640, engine=other, device="cpu")
        controller.continue_training(task, 640, device="cpu")  # its own by default
        assert controller.steps == 640
