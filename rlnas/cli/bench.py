"""``rlnas bench``: how fast environments and learners are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import tyro

from rlnas.cli.options import CommonOptions, Text
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.cli.screen import Screen


@dataclass(frozen=True, kw_only=True)
class BenchOptions(CommonOptions):
    """Measure environment and PPO steps per second beside Stable-Baselines3's, in one run."""

    name: tyro.conf.Positional[Literal["envs", "ppo", "all"]] = "all"
    """What to measure: environments alone, PPO, or both."""

    suite: str = "synthetic-micro"
    """Name of the suite; `rlnas data list` shows them."""

    task: Text = None
    """The task; by default the suite's first."""

    num_envs: int = 1024
    """Episodes in the batched environments."""

    seconds: float = 1.0
    """Least duration of one repeat; Stable-Baselines3's PPO needs longer for one rollout."""

    repeats: int = 3
    """Repeats of each measurement; the contenders take turns."""

    threads: int = 1
    """Threads of PyTorch, for both learners; 0 leaves its default. More than one hardly helps so
    small a network, and slows it badly where the cores are not free."""

    device: str = "cpu"
    """Device of the learners: cpu or cuda."""

    seed: int = 0
    """Seed of everything random."""


def run(options: BenchOptions, screen: Screen | None = None) -> dict[str, Any]:
    """Measure, show a table and return the numbers."""
    from rlnas.cli.screen import Screen

    screen = screen or Screen(json_only=options.json)
    if options.threads < 0 or options.seed < 0:
        raise InvalidArgumentError(
            f"--threads is {options.threads} and --seed is {options.seed}; expected 0 or more."
        )
    import torch

    from rlnas.speed import measure_speed

    before = torch.get_num_threads()
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        result = measure_speed(
            options.name,
            suite=options.suite,
            task=options.task,
            num_envs=options.num_envs,
            seconds=options.seconds,
            repeats=options.repeats,
            seed=options.seed,
            device=options.device,
            on_part=lambda part: screen.note(f"Measuring {_PARTS[part]} …"),
        )
    finally:
        torch.set_num_threads(before)
    _show(result, screen)
    return {"command": "bench", "name": options.name, **result}


_PARTS = {"table": "table loading", "envs": "environment steps", "ppo": "PPO steps"}


def _show(result: dict[str, Any], screen: Screen) -> None:
    from rich.table import Table

    for part in ("envs", "ppo"):
        if part not in result:
            continue
        table = Table(title=f"{_PARTS[part]} per second on {result['task']}", title_justify="left")
        table.add_column("")
        for header in ("environments", "median", "min", "max"):
            table.add_column(header, justify="right")
        for row in result[part]["rows"]:
            rate = row["steps_per_second"]
            numbers = [f"{rate[key]:,.0f}" for key in ("median", "min", "max")]
            table.add_row(row["name"], str(row["num_envs"]), *numbers)
        screen.print(table)
        screen.print(f"The first is {result[part]['times_faster']:.1f} times as fast as the last.")
    machine, load = result["machine"], result["table"]["seconds"]
    screen.print(f"{result['suite']} loads in {1000 * load['median']:.1f} ms.")
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    screen.line(
        f"{machine['processor']}, {machine['cores']} cores, PyTorch threads "
        f"{machine['torch_threads']}, CUDA device {machine['cuda'] or 'none'}; {versions}."
    )
