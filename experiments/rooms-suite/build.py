"""Train the architectures of rooms-micro and rooms-macro; see README.md.

Resumable: run it again with the same folder.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from rlnas.atomic import write_json
from rlnas.bench.machine import describe_machine
from rlnas.datasets.spec import TRANSNAS_TASKS
from rlnas.networks import SkeletonConfig
from rlnas.run_folder import versions
from rlnas.seeding import generator
from rlnas.spaces import get_space
from rlnas.training.presets import recipe_for
from rlnas.training.tabulation.plan import Tabulation, TabulationCell
from rlnas.training.tabulation.run import tabulate

SKELETON = SkeletonConfig(
    width=8,
    stem_strides=(2, 2),
    modules="141",
    cells_per_module=1,
    decoder="light",
    decoder_width=8,
)
SPACES = {"micro": "transnas-micro", "macro": "transnas-macro"}
MACHINE = "machine.json"

SpaceName = Annotated[
    tyro.conf.Positional[Literal["micro", "macro"]], tyro.conf.arg(metavar="micro|macro")
]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to train."""

    space: SpaceName
    """Which suite."""

    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")]
    """Folder of the trainings of both."""

    seeds: tuple[int, ...] = (0,)
    """Seeds of first weights and of the order of examples, one after the other."""

    workers: int = 2
    """Processes with one thread each."""


def plan(space: str) -> Tabulation:
    """Return what is trained in a space."""
    return Tabulation(
        space=SPACES[space],
        dataset="rooms",
        tasks=TRANSNAS_TASKS,
        config=SKELETON,
        recipes=tuple(recipe_for("rooms", task) for task in TRANSNAS_TASKS),
        sizes=(4096, 1024, 1024),
        device="cpu",
    )


def architectures(space: str) -> list[str]:
    """Return the architectures: canonical cells of micro, four-module networks of macro."""
    found = get_space(SPACES[space])
    if space == "micro":
        rows = np.unique(found.canonical_index)
    else:
        rows = np.flatnonzero((found.arrays > 0).sum(axis=1) == 4)
    # In random order, so that what is done so far is a fair sample of the whole.
    shuffled = generator(0, "rooms-suite", space).permutation(rows)
    return [found.format(vector) for vector in found.from_index(shuffled)]


def machine() -> dict[str, Any]:
    """Return the processor and the versions that numbers are made with."""
    return {"processor": describe_machine()["processor"], "versions": versions()}


def main(options: Options) -> int:
    """Train what is missing."""
    folder = options.out / options.space
    if not (folder / MACHINE).exists():
        write_json(folder / MACHINE, machine(), indent=1)
    start = time.perf_counter()

    def report(cell: TabulationCell, done: int, count: int) -> None:
        spent = time.perf_counter() - start
        left = spent / done * (count - done) / 60
        print(f"{done}/{count} {cell.file_name} {spent:.0f} s, {left:.0f} min left", flush=True)

    tabulate(
        plan(options.space),
        architectures(options.space),
        folder,
        seeds=options.seeds,
        workers=options.workers,
        on_cell=report,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
