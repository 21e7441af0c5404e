"""``rlnas train``: pretrain a controller on one source task, or on several."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlnas.cli.options import CommonOptions, Flag, Folder, Names, split_names
from rlnas.devices import check_threads
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.agents import PPOController
    from rlnas.cli.screen import Screen
    from rlnas.runs.controller_training import ControllerTraining
    from rlnas.tasks import TabularTask

_CHECK_SEEDS = 5


@dataclass(frozen=True, kw_only=True)
class TrainOptions(CommonOptions):
    """Pretrain a PPO controller on a source task, whose whole table is known, or on several."""

    suite: str = "transnas-micro"
    """Name of the suite; `rlnas data list` shows them."""

    task: Names
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
    for name, least in (("steps", 1), ("seed", 0), ("check_queries", 0)):
        if getattr(options, name) < least:
            flag = name.replace("_", "-")
            raise InvalidArgumentError(
                f"--{flag} is {getattr(options, name)}; expected {least} or more."
            )
    check_threads(options.threads)
    import torch

    torch.set_num_threads(options.threads)
    names = split_names(options.task)
    return (
        _on_several(options, names, screen)
        if len(names) > 1
        else _on_one(options, names[0], screen)
    )


def _on_one(options: TrainOptions, name: str, screen: Screen) -> dict[str, Any]:
    from rlnas.agents import ControllerConfig, PolicyConfig
    from rlnas.benchmarks import load_suite
    from rlnas.runs.controller_training import train_controller

    with screen.progress() as report:
        trained = train_controller(
            options.suite,
            name,
            options.steps,
            out=_folder(options, name),
            seed=options.seed,
            config=ControllerConfig(network=PolicyConfig(kind=options.network)),
            engine=options.engine,
            device=options.device,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
        )
    task, controller = load_suite(options.suite)[name], trained.controller
    screen.print(
        f"Trained on {task.name}: {controller.steps} steps"
        + (
            f", {trained.steps / trained.seconds:.0f} steps/s on {trained.device}."
            if trained.steps
            else ", nothing to do."
        )
    )
    check = _check(controller, task, options.check_queries, screen)
    _say_where(trained, f"--source {trained.folder}", options, screen)
    return {
        "command": "train",
        **trained.settings,
        "steps": controller.steps,
        "steps_trained": trained.steps,
        "seconds": trained.seconds,
        "device": trained.device,
        "checkpoint": trained.checkpoint,
        "out": trained.folder,
        "check": check,
    }


def _on_several(options: TrainOptions, names: tuple[str, ...], screen: Screen) -> dict[str, Any]:
    from rlnas.agents import ControllerConfig, PolicyConfig
    from rlnas.runs.controller_training import train_controller_on_several

    with screen.progress() as report:
        trained = train_controller_on_several(
            options.suite,
            names,
            options.steps,
            out=_folder(options, f"{options.kind}-{'-'.join(names)}"),
            kind=options.kind,
            seed=options.seed,
            config=ControllerConfig(network=PolicyConfig(kind=options.network)),
            device=options.device,
            resume=options.resume,
            command=screen.command,
            on_progress=report,
        )
    screen.print(
        f"Trained on {', '.join(names)} of {options.suite}: {trained.steps} steps, "
        f"{trained.steps / trained.seconds:.0f} steps/s."
    )
    method = "shared-representation" if options.kind == "shared" else "joint"
    _say_where(trained, f"--source {trained.folder} --method {method}", options, screen)
    return {
        "command": "train",
        **trained.settings,
        "seconds": trained.seconds,
        "checkpoint": trained.checkpoint,
        "out": trained.folder,
    }


def _folder(options: TrainOptions, name: str) -> Path:
    return options.out or Path("runs", "train", options.suite, f"{name}-seed{options.seed}")


def _say_where(
    trained: ControllerTraining[Any], source: str, options: TrainOptions, screen: Screen
) -> None:
    screen.line(f"Checkpoint: {trained.checkpoint}")
    screen.line(f"Curves:     tensorboard --logdir {trained.folder / 'tensorboard'}")
    screen.line(f"Transfer:   rlnas transfer {source} --suite {options.suite} --task TARGET")


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
        f"{format_rank(found['mean'])} of {len(task.ranked_scores)} "
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
