"""``rlnas train``: pretrain a controller on one source task."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlnas.cli.options import CommonOptions, Flag, Folder, split_names
from rlnas.errors import InvalidArgumentError
from rlnas.transfer.source_folders import CHECKPOINT

if TYPE_CHECKING:
    from rlnas.agents import PPOController
    from rlnas.cli.screen import Screen
    from rlnas.tasks import TabularTask


def train_several(options: TrainOptions, names: tuple[str, ...], screen: Screen) -> dict[str, Any]:
    """Train on several tasks together and keep a checkpoint.

    It is written once, at the end: such a training begins anew where it was interrupted.
    """
    import torch

    from rlnas.agents import ControllerConfig, PolicyConfig, PPOController, SharedController
    from rlnas.benchmarks import load_suite
    from rlnas.run_folder import begin_run

    torch.set_num_threads(options.threads)
    suite = load_suite(options.suite)
    tasks = [suite[name] for name in names]
    folder = options.out or Path(
        "runs", "train", options.suite, f"{options.kind}-{'-'.join(names)}-seed{options.seed}"
    )
    config = ControllerConfig(network=PolicyConfig(kind=options.network))
    settings = {
        "suite": options.suite,
        "tasks": list(names),
        "kind": options.kind,
        "seed": options.seed,
        "steps": options.steps,
        "controller": config.to_dict(),
    }
    begin_run(folder, "train", settings, resume=options.resume, command=screen.command)
    checkpoint = folder / CHECKPOINT
    together = SharedController.train if options.kind == "shared" else PPOController.train_jointly
    began = time.perf_counter()
    with screen.progress() as report:
        controller = together(
            tasks,
            options.steps,
            options.seed,
            config=config,
            device=options.device,
            log_dir=folder / "tensorboard",
            on_progress=lambda done, wanted: report("train", done, wanted),
        )
    controller.save(checkpoint)
    seconds = time.perf_counter() - began
    method = "shared-representation" if options.kind == "shared" else "joint"
    screen.print(
        f"Trained on {', '.join(names)} of {options.suite}: {controller.steps} steps, "
        f"{controller.steps / seconds:.0f} steps/s."
    )
    screen.line(f"Checkpoint: {checkpoint}")
    screen.line(f"Curves:     tensorboard --logdir {folder / 'tensorboard'}")
    screen.line(
        f"Transfer:   rlnas transfer --source {folder} --method {method} "
        f"--suite {options.suite} --task TARGET"
    )
    return {
        "command": "train",
        **settings,
        "seconds": seconds,
        "checkpoint": checkpoint,
        "out": folder,
    }


_CHUNK = 50_000  # steps between two checkpoints: what an interruption can cost
_CHECK_SEEDS = 5


@dataclass(frozen=True, kw_only=True)
class TrainOptions(CommonOptions):
    """Pretrain a PPO controller on a source task, whose whole table is known, or on several."""

    suite: str = "transnas-micro"
    """Name of the suite; `rlnas data list` shows them."""

    task: str
    """The source task; several, separated by commas, train one controller on all of them."""

    kind: Literal["joint", "shared"] = "joint"
    """Of several tasks: joint, one policy for all, or shared, one encoder with a head for each."""

    steps: int = 100_000
    """Environment steps."""

    seed: int = 0
    """Seed of everything random."""

    device: str = "auto"
    """auto (the faster one, measured), cpu, cuda or cuda:N."""

    engine: Literal["device", "sb3"] = "device"
    """device keeps everything on one device; sb3 is Stable-Baselines3's PPO, the reference."""

    network: Literal["mlp", "transformer"] = "mlp"
    """mlp is fast and tied to one space; transformer also runs on other spaces."""

    threads: int = 1
    """Threads of PyTorch; more than one slows so small a network on a busy machine."""

    check_queries: int = 50
    """Afterwards, search the source task itself with so many queries; 0 for no check."""

    out: Folder = None
    """Run folder; by default runs/train/SUITE/TASK-seedSEED."""

    resume: Flag = False
    """Go on with the run in `--out` up to `--steps`, exactly as if it had never stopped."""


def run(options: TrainOptions, screen: Screen) -> dict[str, Any]:
    """Train, keep a checkpoint, and say how the controller does on its own task."""
    for name, least in (("steps", 1), ("seed", 0), ("check_queries", 0), ("threads", 1)):
        if getattr(options, name) < least:
            flag = name.replace("_", "-")
            raise InvalidArgumentError(
                f"--{flag} is {getattr(options, name)}; expected {least} or more."
            )
    names = split_names([options.task])
    if len(names) > 1:
        return train_several(options, names, screen)
    import torch

    from rlnas.agents import ControllerConfig, PolicyConfig, PPOController
    from rlnas.benchmarks import load_suite
    from rlnas.run_folder import begin_run

    torch.set_num_threads(options.threads)
    task = load_suite(options.suite)[options.task]
    folder = options.out or Path(
        "runs", "train", options.suite, f"{options.task}-seed{options.seed}"
    )
    config = ControllerConfig(network=PolicyConfig(kind=options.network))
    settings = {
        "suite": options.suite,
        "task": options.task,
        "seed": options.seed,
        "engine": options.engine,
        "controller": config.to_dict(),
    }
    begin_run(folder, "train", settings, resume=options.resume, command=screen.command)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        controller = PPOController.load(checkpoint, space=task.space)
        screen.note(f"Going on at step {controller.steps}.")
    else:
        controller = PPOController(task.space, config, seed=options.seed)
    # Chosen once: every chunk must run on the same device to resume exactly.
    device = controller.choose_device(options.device, task, options.engine)
    began, first = time.perf_counter(), controller.steps
    with screen.progress() as report:
        report("train", controller.steps, options.steps)
        while controller.steps < options.steps:
            controller.continue_training(
                task,
                min(controller.steps + _CHUNK, options.steps),
                engine=options.engine,
                device=device,
                log_dir=folder / "tensorboard",
                on_progress=lambda done, _: report("train", done, options.steps),
            )
            controller.save(checkpoint)
    seconds = time.perf_counter() - began
    trained = controller.steps - first
    screen.print(
        f"Trained on {task.name}: {controller.steps} steps"
        + (f", {trained / seconds:.0f} steps/s on {device}." if trained else ", nothing to do.")
    )
    result = {
        "command": "train",
        **settings,
        "steps": controller.steps,
        "steps_trained": trained,
        "seconds": seconds,
        "device": device,
        "checkpoint": checkpoint,
        "out": folder,
        "check": _check(controller, task, options.check_queries, screen),
    }
    screen.line(f"Checkpoint: {checkpoint}")
    screen.line(f"Curves:     tensorboard --logdir {folder / 'tensorboard'}")
    screen.line(
        f"Transfer:   rlnas transfer --source {folder} --suite {options.suite} --task TARGET"
    )
    return result


def _check(
    controller: PPOController, task: TabularTask, queries: int, screen: Screen
) -> dict[str, Any] | None:
    """Search the source task itself: a controller that fails there has learned nothing."""
    if not queries:
        return None
    from rlnas.formats import format_range, format_rank
    from rlnas.reporting import describe
    from rlnas.runs.tables import rank_of

    results = [controller.search(task, queries, seed=seed) for seed in range(_CHECK_SEEDS)]
    ranks = [rank_of(task, float(result.best_so_far[-1])) for result in results]
    found = describe(ranks)
    best = max((result.best for result in results), key=lambda record: record.score)
    screen.print(
        f"On its own task it finds, with {queries} queries, an architecture of mean rank "
        f"{format_rank(found['mean'])} of {task.space.size} "
        + f"({_CHECK_SEEDS} seeds, IQM {format_rank(found['iqm'])} "
        + f"{format_range(found['low'], found['high'])}".rstrip()
        + f"); the best is {best.architecture}."
    )
    return {
        "queries": queries,
        "rank": found,
        "ranks": ranks,
        "best_architecture": best.architecture,
        "best_score": best.score,
        "metric": asdict(task.metric),
    }
