"""Which recipe tells architectures from seeds? Candidates measured on random cells; see README.md.

A candidate trains some tasks of `rooms-micro` with another recipe than the table's. Its cells are
the last ones in the order of `build.py`, which trains others first: what chose a recipe does not
report on it. Resumable: a cell with a seed is a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import tyro
from build import RECIPE, architectures, tabulation
from suite_cells import Cells, curve, read_cells
from suite_plan import SuitePlan
from suite_reliability import reliability

from rlnas.atomic import write_text
from rlnas.training.tabulation.plan import TabulationCell
from rlnas.training.tabulation.run import tabulate

HERE = Path(__file__).parent
PART = "all"
PIXELS = ("segmentsemantic", "normal", "autoencoder")


@dataclass(frozen=True)
class Candidate:
    """A recipe for some tasks, which are trained side by side.

    Attributes:
        tasks: Names of the tasks.
        epochs: Number of evaluations.
        changes: Fields that differ from `build.RECIPE`, 4,096 examples an epoch in batches of 32.
        valid: Validation examples.
    """

    tasks: tuple[str, ...]
    epochs: int
    changes: dict[str, Any] = field(default_factory=dict)
    valid: int = 4096

    def plan(self) -> SuitePlan:
        """Return what is trained: one part."""
        recipe = replace(RECIPE, epochs=self.epochs, **self.changes)
        return SuitePlan({PART: tabulation("micro", self.tasks, recipe, (8192, self.valid, 1024))})


CANDIDATES = {
    "object-1024": Candidate(("class_object",), 4, {"epoch_examples": 8192}),
    "object-512-batch-64": Candidate(
        ("class_object",), 4, {"epoch_examples": 8192, "batch_size": 64}
    ),
    "scene-and-layout-512": Candidate(("class_scene", "room_layout"), 4),
    "jigsaw-512": Candidate(("jigsaw",), 4),
    "jigsaw-512-batch-64": Candidate(("jigsaw",), 4, {"epoch_examples": 8192, "batch_size": 64}),
    "pixels-384": Candidate(PIXELS, 3, valid=1024),
    "pixels-256": Candidate(PIXELS, 2, valid=1024),
    "pixels-512": Candidate(PIXELS, 4, valid=1024),
}
"""By name: the tasks and the number of steps."""

SPLITS = ("valid", "test")
SCORES = {"valid": 1, "valid, mean of the last two epochs": 2}
"""What could be an architecture's score, and over how many epochs it is a mean."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to measure."""

    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")]
    """Folder of the trainings, a folder in it for each candidate."""

    candidates: tuple[str, ...] = tuple(CANDIDATES)
    """Names of the candidates to train; all that are there are summed up."""

    count: int = 20
    """How many cells."""

    seeds: tuple[int, ...] = (0, 1)
    """Two seeds or more."""

    workers: int = 1
    """Processes with one thread each."""

    keep: Path = HERE
    """Folder of rows and table."""


def main(options: Options) -> int:
    """Train what is missing, and sum up."""
    chosen = architectures("micro")[-options.count :]

    def report(cell: TabulationCell, done: int, count: int) -> None:
        print(f"{done}/{count} {cell.file_name}", flush=True)

    for name in options.candidates:
        print(name, flush=True)
        tabulate(
            CANDIDATES[name].plan().parts[PART],
            chosen,
            options.out / name / PART,
            seeds=options.seeds,
            workers=options.workers,
            on_cell=report,
        )
    rows = pd.DataFrame(summary(options.out, options.seeds))
    write_text(options.keep / "recipes.csv", rows.to_csv(index=False))
    text = table(rows)
    write_text(options.keep / "recipes.md", text)
    print(text)
    return 0


def summary(out: Path, seeds: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Yield a row for each candidate that was trained, task and kind of score."""
    for name in CANDIDATES:
        if not list((out / name / PART).glob("*.seed*.json")):
            continue
        cells = read_cells(out / name, seeds)
        for task in cells.plan.tasks:
            seconds = curve(cells, sorted(cells.histories), seeds, task, "cpu_seconds").sum(axis=-1)
            for score, values in scores(cells, seeds, task).items():
                found = reliability(values)
                yield {
                    "recipe": name,
                    "task": task,
                    "score": score,
                    "cells": found.cells,
                    "cpu_seconds": float(np.nanmean(seconds)),
                    "sd_images": images_noise(cells, seeds, task),
                    **found.columns(),
                }


def scores(cells: Cells, seeds: tuple[int, ...], task: str) -> dict[str, np.ndarray]:
    """Return what could be the score, each ``(architectures, seeds)``."""
    rows = sorted(cells.histories)
    valid = curve(cells, rows, seeds, task, "valid_metric")
    tested = curve(cells, rows, seeds, task, "test_metric")[..., -1]
    found = {name: valid[..., -last:].mean(axis=-1) for name, last in SCORES.items()}
    return found | {"the test examples": tested}


def images_noise(cells: Cells, seeds: tuple[int, ...], task: str) -> float:
    """Return what other validation images would change in a score, a standard deviation.

    From what validation and test images say of the same networks: their means over so many images
    are apart by the noise of both.
    """
    rows = sorted(cells.histories)
    valid, test = (curve(cells, rows, seeds, task, f"{s}_metric")[..., -1] for s in SPLITS)
    _, validated, tested = next(iter(cells.plan.parts.values())).sizes
    both = np.nanvar((valid - test) - np.nanmean(valid - test, axis=0))
    return float(np.sqrt(both * (1 / validated) / (1 / validated + 1 / tested)))


def table(rows: pd.DataFrame) -> str:
    """Return the rows for reading."""
    lines = [
        "| recipe | task | score | cells | s a training | within seeds | of that, images "
        "| between cells "
        "| reliability | Spearman between seeds |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows.to_dict("records"):
        lines.append(
            f"| {row['recipe']} | `{row['task']}` | {row['score']} | {row['cells']} "
            f"| {row['cpu_seconds']:.1f} | {row['sd_within']:.3g} | {row['sd_images']:.3g} "
            f"| {row['sd_between']:.3g} "
            f"| {row['reliability']:.2f} "
            f"| {row['spearman']:.2f} [{row['spearman_low']:.2f}, {row['spearman_high']:.2f}] |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
