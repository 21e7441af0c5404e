"""Controllers trained by a call into a run folder, and gone on with."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rlnas.agents import ControllerConfig, PolicyConfig, PPOController, SharedController
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.runs import train_controller, train_controller_on_several


def test_a_training_goes_on_to_more_steps_with_the_same_settings(tmp_path):
    out, said = tmp_path / "run", []

    def train(steps, **options):
        return train_controller(
            "synthetic-micro",
            "synthetic-0",
            steps,
            out=out,
            device="cpu",
            on_progress=lambda *progress: said.append(progress),
            **options,
        )

    first = train(600)
    assert said[0] == ("train", 0, 600)
    assert first.steps == first.controller.steps >= 600
    with pytest.raises(RunError, match="resume=True"):
        train(1200)
    second = train(1200, resume=True)
    assert second.controller.steps == first.steps + second.steps >= 1200
    assert PPOController.load(second.checkpoint).steps == second.controller.steps
    config = ControllerConfig(network=PolicyConfig(kind="transformer"))
    with pytest.raises(RunError, match=r"controller\.network\.kind is .*mlp"):
        train(1200, resume=True, config=config)


def test_several_tasks_share_a_controller(tmp_path):
    trained = train_controller_on_several(
        "synthetic-micro",
        ["synthetic-0", "synthetic-1"],
        600,
        out=tmp_path / "run",
        kind="shared",
        device="cpu",
    )
    assert isinstance(SharedController.load(trained.checkpoint), SharedController)
    assert trained.settings["kind"] == "shared"


@pytest.mark.parametrize("engine", ["device", "sb3"])
def test_a_training_killed_after_its_checkpoint_shows_no_step_twice(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("rlnas.runs.controller_training._CHUNK", 2000)
    options = {"out": tmp_path / "run", "engine": engine, "device": "cpu"}

    save = PPOController.save
    saved = []

    def save_once(controller, *args, **kwargs):
        if saved:
            raise KeyboardInterrupt  # after the curves of the second chunk
        saved.append(save(controller, *args, **kwargs))

    with monkeypatch.context() as patch:
        patch.setattr(PPOController, "save", save_once)
        with pytest.raises(KeyboardInterrupt):
            train_controller("synthetic-micro", "synthetic-0", 6000, **options)
    train_controller("synthetic-micro", "synthetic-0", 6000, **options, resume=True)
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    tags = [tag for tag in events.Tags()["scalars"] if tag.startswith("train/")]
    assert tags
    for tag in tags:
        steps = [event.step for event in events.Scalars(tag)]
        assert steps == sorted(set(steps))


def test_no_steps_are_refused(tmp_path):
    with pytest.raises(InvalidArgumentError, match="steps is 0"):
        train_controller("synthetic-micro", "synthetic-0", 0, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
