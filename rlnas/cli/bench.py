"""``rlnas bench``: what is fast on this machine, how fast, and how good what it trains is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from rlnas.cli.options import CommonOptions, Flag, Folder, Text
from rlnas.devices import check_threads
from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    from rlnas.bench.page.section import Section
    from rlnas.bench.run import BenchSettings
    from rlnas.cli.screen import Screen

_Page = Annotated[Path | None, tyro.conf.arg(metavar="FILE.md", help_behavior_hint="")]


@dataclass(frozen=True, kw_only=True)
class BenchOptions(CommonOptions):
    """Measure speed and time to quality beside Stable-Baselines3's, in one run.

    Parts: table loading, environment steps, PPO steps, time to quality, learning curves of both
    engines, seeds in one batch, memory, growth, and the machine's limits. All of them take about
    half an hour; --quick is a first look of about a minute.
    """

    name: tyro.conf.Positional[
        Literal[
            "all",
            "table",
            "envs",
            "ppo",
            "quality",
            "curves",
            "seeds",
            "memory",
            "growth",
            "roofline",
        ]
    ] = "all"
    """What to measure."""

    suite: str = "transnas-micro"
    """Name of the suite; `rlnas data list` shows them, and rooms-micro needs no data."""

    task: Text = None
    """The task; by default the suite's first."""

    out: Folder = None
    """Folder of bench.json, bench.png and bench.svg; by default runs/bench."""

    page: _Page = None
    """Also write a Markdown page, with its figure beside it. Notes in a page that is there are
    kept."""

    quick: Flag = False
    """Measure everything with small sizes: to see that it works, not for numbers to rely on."""

    num_envs: int = 1024
    """Episodes in the batched environments."""

    seconds: float = 1.0
    """Least duration of one repeat of a rate; a rollout of Stable-Baselines3's PPO takes longer."""

    repeats: int = 3
    """Repeats of rates and durations; the contenders take turns."""

    seeds: int = 5
    """Trainings of each contender for time to quality."""

    max_steps: int = 300_000
    """Steps after which a training for time to quality is given up."""

    max_seconds: float = 300.0
    """Seconds of training after which it is given up."""

    official_size: Flag = False
    """Also load a file of the size that TransNAS-Bench-101 has, which takes minutes and 1 GB."""

    threads: int = 1
    """Threads of PyTorch; 0 leaves its default. More than one hardly helps so small a network, and
    slows it badly where the cores are not free. The part seeds also tries all cores."""

    device: str = "cpu"
    """Device of environments and learners: cpu or cuda."""

    seed: int = 0
    """Seed of everything random but the training seeds, which count from 0."""


def run(options: BenchOptions, screen: Screen | None = None) -> dict[str, Any]:
    """Measure, write the files, show tables and return the numbers."""
    from rlnas.cli.screen import Screen

    screen = screen or Screen(json_only=options.json)
    check_threads(options.threads, least=0)
    if options.page is not None and options.page.suffix != ".md":
        raise InvalidArgumentError(f"--page is {options.page}; expected a file that ends in .md.")
    import torch

    from rlnas.atomic import json_text, write_text
    from rlnas.bench.machine import torch_threads
    from rlnas.bench.page.figure import write_speed_figure
    from rlnas.bench.page.page import kept_notes, write_page
    from rlnas.bench.page.sections import sections
    from rlnas.bench.run import measure_speed

    settings = _settings(options)
    if options.device != "cpu" and not torch.cuda.is_available():
        raise InvalidArgumentError(
            f"--device is {options.device}, but PyTorch finds no CUDA device; use --device cpu."
        )
    if options.page is not None:
        kept_notes(options.page)  # said now, not after half an hour
    with torch_threads(options.threads or torch.get_num_threads()):
        measured = measure_speed(
            options.name,
            suite=options.suite,
            task=options.task,
            settings=settings,
            on_part=lambda part: screen.note(f"Measuring {_PARTS[part]} …"),
        )
    text = json_text(
        {"command": "bench", "name": options.name, "line": screen.command, **measured}, indent=1
    )
    result: dict[str, Any] = json.loads(text)
    for section in sections(result):
        _show(section, screen)
    folder = options.out or Path("runs", "bench")
    write_text(folder / "bench.json", text + "\n")
    written = [folder / "bench.json", *write_speed_figure(result, folder / "bench")]
    if options.page is not None:
        written += write_page(result, options.page, command=screen.command)
    _say_machine(result["machine"], screen)
    screen.line("Written: " + ", ".join(map(str, written)))
    return {**result, "files": [str(path) for path in written]}


_PARTS = {
    "table": "table loading",
    "envs": "environment steps",
    "ppo": "PPO steps",
    "quality": "time to quality",
    "curves": "learning curves of both engines",
    "seeds": "seeds in one batch",
    "memory": "peak memory",
    "growth": "growth with environments, network and space",
    "roofline": "the machine's limits",
}


def _settings(options: BenchOptions) -> BenchSettings:
    from rlnas.bench.run import BenchSettings

    settings = BenchSettings(
        seed=options.seed,
        device=options.device,
        num_envs=options.num_envs,
        seconds=options.seconds,
        repeats=options.repeats,
        seeds=options.seeds,
        max_steps=options.max_steps,
        max_seconds=options.max_seconds,
        variants=("same-content", "official-size") if options.official_size else ("same-content",),
    )
    return settings.made_quick() if options.quick else settings


def _show(section: Section, screen: Screen) -> None:
    from rich.table import Table

    table = Table(title=section.title, title_justify="left")
    shown = section.brief or tuple(range(len(section.headers)))
    for index in shown:
        # A name may be broken, a number may not.
        table.add_column(
            section.headers[index],
            justify="right" if index else "left",
            no_wrap=index > 0,
            overflow="ellipsis" if index else "fold",
        )
    for row in section.rows:
        table.add_row(*(row[index] for index in shown))
    screen.print(table)
    for claim in section.claims:
        screen.print(claim)


def _say_machine(machine: dict[str, Any], screen: Screen) -> None:
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    screen.line(
        f"{machine['processor']}, {machine['cores']} cores, PyTorch threads "
        f"{machine['torch_threads']}, CUDA device {machine['cuda'] or 'none'}; {versions}."
    )
