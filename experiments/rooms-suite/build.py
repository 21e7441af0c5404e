"""Train the architectures of rooms-micro and rooms-macro; see README.md.

Resumable: run it again with the same folder. What `collect.py` keeps is not trained again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from suite_pieces import TRAINED, piece_path, unpack_piece
from suite_plan import MACHINES, SuitePlan

from rlnas.atomic import write_json
from rlnas.bench.machine import describe_machine
from rlnas.networks import SkeletonConfig
from rlnas.run_folder import versions
from rlnas.seeding import generator
from rlnas.spaces import get_space
from rlnas.training.recipe import Recipe
from rlnas.training.tabulation.plan import (
    Tabulation,
    TabulationCell,
    keep_plan,
    missing_cells,
)
from rlnas.training.tabulation.run import tabulate

SKELETON = SkeletonConfig(
    width=8,
    stem_strides=(2, 2),
    modules="141",
    cells_per_module=1,
    decoder="light",
    decoder_width=8,
)
RECIPE = Recipe(
    epochs=4,
    epoch_examples=4096,
    batch_size=32,
    optimizer="adamw",
    learning_rate=0.01,
    weight_decay=0.01,
    warmup=0.1,
    precision="float32",
)
"""512 steps; what differs in a part stands there."""

PARTS: dict[str, tuple[tuple[str, ...], Recipe, tuple[int, int, int]]] = {
    "object": (("class_object",), replace(RECIPE, epoch_examples=8192), (8192, 4096, 1024)),
    "scene-layout": (("class_scene", "room_layout"), RECIPE, (8192, 4096, 1024)),
    "jigsaw": (("jigsaw",), RECIPE, (8192, 4096, 1024)),
    "pixels": (
        ("segmentsemantic", "normal", "autoencoder"),
        replace(RECIPE, epochs=3),
        (8192, 1024, 1024),
    ),
}
"""Tasks that are trained side by side, their recipe, and training, validation and test examples."""

SPACES = {"micro": "transnas-micro", "macro": "transnas-macro"}
FIRST = 60
"""So many architectures get all their seeds before the others get one: they tell reliability."""

EARLY, LATE = 20, 60
"""Architectures that a part trains before the next part's turn, of the first and of the others."""

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

    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds of first weights and of the order of examples."""

    parts: tuple[str, ...] = tuple(PARTS)
    """Names of the parts to train."""

    workers: int = 2
    """Processes with one thread each."""

    trained: Path = TRAINED
    """Folder of the trainings that are kept."""


def plan(space: str) -> SuitePlan:
    """Return what is trained in a space."""
    return SuitePlan({name: tabulation(space, *part) for name, part in PARTS.items()})


def tabulation(
    space: str, tasks: tuple[str, ...], recipe: Recipe, sizes: tuple[int, int, int]
) -> Tabulation:
    """Return a part: tasks trained side by side, with so many examples of each split."""
    return Tabulation(
        space=SPACES[space],
        dataset="rooms",
        tasks=tasks,
        config=SKELETON,
        recipes=(recipe,) * len(tasks),
        sizes=sizes,
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


def chunks(
    wanted: Sequence[str], seeds: Sequence[int]
) -> Iterator[tuple[Sequence[str], Sequence[int]]]:
    """Yield what to train: some architectures with all seeds, then the others seed by seed."""
    first, others = wanted[:FIRST], wanted[FIRST:]
    for begin in range(0, len(first), EARLY):
        yield first[begin : begin + EARLY], seeds
    for seed in seeds:
        for begin in range(0, len(others), LATE):
            yield others[begin : begin + LATE], (seed,)


def prepare(options: Options) -> SuitePlan:
    """Make the folder of a space ready: plans, machines, and what is kept of earlier trainings.

    Raises:
        RunError: If the folder of a part holds another plan.
        DataError: If a kept piece is damaged or was trained with another plan.
    """
    made, folder = plan(options.space), options.out / options.space
    known = folder / MACHINES
    machines = json.loads(known.read_text(encoding="utf-8")) if known.exists() else []
    for name, part in made.parts.items():
        keep_plan(part, folder / name)
        for seed in options.seeds:
            path = piece_path(options.trained, options.space, name, seed)
            if (piece := unpack_piece(path, part, folder / name)) is not None:
                machines += [found for found in piece.machines if found not in machines]
    if (mine := machine()) not in machines:
        machines.append(mine)
    write_json(known, machines, indent=1)
    return made


def main(options: Options) -> int:
    """Train what is missing."""
    made, folder = prepare(options), options.out / options.space
    wanted = architectures(options.space)
    parts = {name: made.parts[name] for name in options.parts}
    todo = sum(
        1
        for name, part in parts.items()
        for _ in missing_cells(folder / name, wanted, options.seeds, part.tasks)
    )
    start, done = time.perf_counter(), 0

    def report(name: str, cell: TabulationCell) -> None:
        nonlocal done
        done += 1
        spent = time.perf_counter() - start
        left = spent / done * (todo - done) / 3600
        print(f"{done}/{todo} {name} {cell.file_name}, {left:.1f} h left", flush=True)

    for some, seeds in chunks(wanted, options.seeds):
        for name, part in parts.items():
            tabulate(
                part,
                some,
                folder / name,
                seeds=seeds,
                workers=options.workers,
                on_cell=lambda cell, *_, name=name: report(name, cell),
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
