"""Controllers trained by a call into a run folder, and gone on with."""

import pytest

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


def test_no_steps_are_refused(tmp_path):
    with pytest.raises(InvalidArgumentError, match="steps is 0"):
        train_controller("synthetic-micro", "synthetic-0", 0, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
