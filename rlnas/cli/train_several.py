"""``rlnas train --task a,b,…``: pretrain one controller on several source tasks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.cli.sources import CHECKPOINT

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen
    from rlnas.cli.train import TrainOptions


def train_several(options: TrainOptions, names: tuple[str, ...], screen: Screen) -> dict[str, Any]:
    """Train on several tasks together and keep a checkpoint.

    It is written once, at the end: such a training begins anew where it was interrupted.
    """
    import torch

    from rlnas.agents import ControllerConfig, NetworkConfig, PPOController, SharedController
    from rlnas.benchmarks import load_suite
    from rlnas.reporting.run_folder import begin_run

    torch.set_num_threads(options.threads)
    suite = load_suite(options.suite)
    tasks = [suite[name] for name in names]
    folder = options.out or Path(
        "runs", "train", options.suite, f"{options.kind}-{'-'.join(names)}-seed{options.seed}"
    )
    config = ControllerConfig(network=NetworkConfig(kind=options.network))
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
