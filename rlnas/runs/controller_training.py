"""Controllers pretrained on tasks of a suite, each kept in a run folder."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from rlnas.atomic import mend
from rlnas.benchmarks import load_suite
from rlnas.devices import check_device
from rlnas.errors import InvalidArgumentError
from rlnas.run_folder import begin_run, only_writer
from rlnas.runs.on_disk import Progress, no_progress

if TYPE_CHECKING:
    from rlnas.agents import ControllerConfig, PPOController, SharedController

CHECKPOINT = "checkpoint"
"""Name of the checkpoint inside a training's run folder."""

_KIND = "train"
_CHUNK = 50_000  # steps between two checkpoints: what an interruption can cost

_log = logging.getLogger("rlnas")


ControllerT = TypeVar("ControllerT", bound="PPOController | SharedController")


@dataclass(frozen=True)
class ControllerTraining(Generic[ControllerT]):
    """A controller in its run folder.

    Attributes:
        folder: The run folder.
        settings: What a resumed training must share.
        controller: The trained controller.
        steps: Environment steps that this call trained.
        seconds: Seconds that they took.
        device: Where it was trained, as it was asked for or chosen.
    """

    folder: Path
    settings: dict[str, Any]
    controller: ControllerT
    steps: int
    seconds: float
    device: str

    def __repr__(self) -> str:
        return f"ControllerTraining({str(self.folder)!r}, {self.controller!r})"

    @property
    def checkpoint(self) -> Path:
        """The checkpoint, for `PPOController.load` and ``rlnas transfer --source``."""
        return self.folder / CHECKPOINT


def train_controller(
    suite: str,
    task: str,
    steps: int = 100_000,
    *,
    out: str | Path,
    seed: int = 0,
    config: ControllerConfig | None = None,
    engine: Literal["device", "sb3"] = "device",
    device: str = "auto",
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> ControllerTraining[PPOController]:
    """Pretrain a controller on a task whose whole table is known.

    Args:
        suite: Name of the suite.
        task: The source task.
        steps: Environment steps, those of earlier calls among them; 1 or more.
        out: The run folder: its checkpoint is replaced every 50,000 steps.
        seed: Seed of everything random.
        config: The controller's configuration; None for the default.
        engine: ``device`` keeps everything on one device; ``sb3`` is Stable-Baselines3's PPO.
        device: ``auto`` (the faster one, measured), ``cpu``, ``cuda`` or ``cuda:N``.
        resume: Go on with the run in ``out`` up to ``steps``, exactly as if it had never stopped.
        command: The command line, kept in the folder.
        on_progress: Called as steps are trained; the stage is ``train``.

    Raises:
        UnknownNameError: If there is no such suite or task.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    from rlnas.agents import ControllerConfig, PPOController

    _check_steps(steps)
    if device != "auto":
        check_device(device)
    source = load_suite(suite)[task]
    config = ControllerConfig() if config is None else config
    settings = {
        "suite": suite,
        "task": task,
        "seed": seed,
        "engine": engine,
        "controller": config.to_dict(),
    }
    folder = Path(out)
    with only_writer(folder):
        _begin(folder, settings, resume, command)
        mend(folder / CHECKPOINT)
        if (folder / CHECKPOINT).exists():
            controller = PPOController.load(folder / CHECKPOINT, space=source.space)
            _log.info("Going on at step %d.", controller.steps)
        else:
            controller = PPOController(source.space, config, seed=seed)
        # Chosen once: every chunk must run on the same device to resume exactly.
        device = controller.choose_device(device, source, engine)
        report = on_progress or no_progress
        began, first = time.perf_counter(), controller.steps
        report("train", controller.steps, steps)
        while controller.steps < steps:
            controller.continue_training(
                source,
                min(controller.steps + _CHUNK, steps),
                engine=engine,
                device=device,
                log_dir=folder / "tensorboard",
                on_progress=lambda done, _: report("train", done, steps),
            )
            controller.save(folder / CHECKPOINT)
        seconds = time.perf_counter() - began
    trained = controller.steps - first
    return ControllerTraining(folder, settings, controller, trained, seconds, device)


def train_controller_on_several(
    suite: str,
    tasks: Sequence[str],
    steps: int = 100_000,
    *,
    out: str | Path,
    kind: Literal["joint", "shared"] = "joint",
    seed: int = 0,
    config: ControllerConfig | None = None,
    device: str = "auto",
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> ControllerTraining[PPOController | SharedController]:
    """Pretrain one controller on several tasks together.

    Its checkpoint is written once, at the end: such a training begins anew where it was
    interrupted.

    Args:
        suite: Name of the suite.
        tasks: The source tasks.
        steps: Environment steps, 1 or more.
        out: The run folder.
        kind: ``joint``: one policy for all; ``shared``: one encoder with a head for each.
        seed: Seed of everything random.
        config: The controller's configuration; None for the default.
        device: See `train_controller`.
        resume: Train again in ``out`` with the same settings.
        command: The command line, kept in the folder.
        on_progress: Called as steps are trained; the stage is ``train``.

    Raises:
        UnknownNameError: If there is no such suite or task.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    from rlnas.agents import ControllerConfig, PPOController, SharedController

    _check_steps(steps)
    if device != "auto":
        check_device(device)
    loaded = load_suite(suite)
    sources = [loaded[name] for name in tasks]
    config = ControllerConfig() if config is None else config
    settings = {
        "suite": suite,
        "tasks": list(tasks),
        "kind": kind,
        "seed": seed,
        "steps": steps,
        "controller": config.to_dict(),
    }
    folder = Path(out)
    with only_writer(folder):
        _begin(folder, settings, resume, command)
        report = on_progress or no_progress
        together = SharedController.train if kind == "shared" else PPOController.train_jointly
        began = time.perf_counter()
        controller = together(
            sources,
            steps,
            seed,
            config=config,
            device=device,
            log_dir=folder / "tensorboard",
            on_progress=lambda done, total: report("train", done, total),
        )
        controller.save(folder / CHECKPOINT)
        seconds = time.perf_counter() - began
    return ControllerTraining(folder, settings, controller, controller.steps, seconds, device)


def _begin(folder: Path, settings: Mapping[str, Any], resume: bool, command: str) -> None:
    from rlnas.agents import ControllerConfig

    def upgrade(old: Mapping[str, Any]) -> dict[str, Any]:
        return {**old, "controller": ControllerConfig.from_dict(old["controller"]).to_dict()}

    begin_run(folder, _KIND, settings, resume=resume, command=command, upgrade=upgrade)


def _check_steps(steps: int) -> None:
    if steps < 1:
        raise InvalidArgumentError(f"steps is {steps}; expected 1 or more.")
