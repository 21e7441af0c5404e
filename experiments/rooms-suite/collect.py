"""Keep what is trained so far, and say how far that is; see README.md.

Merges the finished trainings of OUT with those that lie in `trained/` already. May run while
`build.py` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro
from build import FIRST, SpaceName, architectures, machine, plan
from suite_pieces import NUMBERS, TRAINED, Piece, piece_path, read_piece, write_piece
from suite_plan import MACHINES
from suite_reliability import reliability

from rlnas.atomic import write_text
from rlnas.damage import read_json
from rlnas.errors import DataError
from rlnas.training.tabulation.plan import Tabulation, TabulationCell, missing_cells


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to keep."""

    space: SpaceName
    """Which suite."""

    out: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="OUT")]
    """Folder that build.py writes to."""

    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds to keep."""

    keep: Path = TRAINED
    """Folder of the pieces, and of what is said of them."""


def main(options: Options) -> int:
    """Merge, write the pieces that have grown, and say how far they are."""
    wanted = architectures(options.space)
    pieces: dict[str, list[Piece]] = {}
    for name, part in plan(options.space).parts.items():
        for seed in options.seeds:
            path = piece_path(options.keep, options.space, name, seed)
            kept = read_piece(path) if path.exists() else Piece(part, seed, (), {})
            if kept.plan != part:
                raise DataError(f"{path} was trained with another plan; remove it.")
            piece = grown(kept, options.out / options.space, name, wanted)
            if len(piece.cells) > len(kept.cells):
                write_piece(path, piece)
            pieces.setdefault(name, []).append(piece)
    text = progress(pieces, wanted)
    write_text(options.keep / f"progress-{options.space}.md", text)
    print(text)
    return 0


def grown(kept: Piece, folder: Path, part: str, wanted: list[str]) -> Piece:
    """Return a piece with what the folder of a space has beyond it.

    Args:
        kept: What is kept so far.
        folder: Of the space, as `build.py` makes it.
        part: Name of the part.
        wanted: All architectures.

    Raises:
        DataError: If a file is not as it was written, or the folder's plan is another one.
    """
    plan_file = folder / part / "plan.json"
    if not plan_file.exists():
        return kept
    found = Tabulation.from_description(read_json(plan_file, "plan of build.py"))
    if found != kept.plan:
        raise DataError(f"{plan_file} is another plan than that of this build.py.")
    tasks = kept.plan.tasks
    absent = {
        cell.architecture for cell in missing_cells(folder / part, wanted, [kept.seed], tasks)
    }
    cells = dict(kept.cells)
    for architecture in wanted:
        if architecture in cells or architecture in absent:
            continue
        path = folder / part / TabulationCell(architecture, kept.seed).file_name
        cells[architecture] = {
            task: result | {"history": [_kept(epoch) for epoch in result["history"]]}
            for task, result in read_json(path, "file of trainings")["tasks"].items()
        }
    if len(cells) == len(kept.cells):
        return kept
    known = folder / MACHINES
    machines = list(kept.machines)
    for made_on in read_json(known, "list of machines") if known.exists() else [machine()]:
        if made_on not in machines:
            machines.append(made_on)
    return Piece(kept.plan, kept.seed, tuple(machines), cells)


def _kept(epoch: dict[str, float]) -> dict[str, float]:
    return {name: epoch[name] for name in ("epoch", *NUMBERS) if name in epoch}


def progress(pieces: dict[str, list[Piece]], wanted: list[str]) -> str:
    """Return for reading how much is trained, at what cost, and how well seeds agree so far."""
    seeds = [f"seed {piece.seed}" for piece in next(iter(pieces.values()))]
    lines = [
        f"| part | {' | '.join(seeds)} | processor hours spent | left |",
        "|---|" + "---:|" * (len(seeds) + 2),
    ]
    for name, by_seed in pieces.items():
        done = sum(len(piece.cells) for piece in by_seed)
        spent = sum(map(hours, by_seed))
        left = f"{spent / done * (len(wanted) * len(by_seed) - done):.1f}" if done else "–"
        counts = " | ".join(f"{len(piece.cells)} of {len(wanted)}" for piece in by_seed)
        lines.append(f"| {name} | {counts} | {spent:.2f} | {left} |")
    if not (rows := list(agreement(pieces, wanted))):
        return "\n".join(lines) + "\n"
    lines += [
        "",
        "| task | architectures | s a training | within seeds | between architectures "
        "| reliability | Spearman between two seeds |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        lines.append(
            f"| `{row['task']}` | {row['which']} {row['cells']} | {row['cpu_seconds']:.1f} "
            f"| {row['sd_within']:.3g} | {row['sd_between']:.3g} | {row['reliability']:.2f} "
            f"| {row['spearman']:.2f} [{row['spearman_low']:.2f}, {row['spearman_high']:.2f}] |"
        )
    return "\n".join(lines) + "\n"


def hours(piece: Piece) -> float:
    """Return the processor hours of a piece."""
    return sum(seconds(piece, task) for task in piece.plan.tasks) / 3600


def seconds(piece: Piece, task: str) -> float:
    """Return the processor seconds that a piece spent on a task."""
    return sum(
        epoch["cpu_seconds"] for tasks in piece.cells.values() for epoch in tasks[task]["history"]
    )


def agreement(pieces: dict[str, list[Piece]], wanted: list[str]) -> Iterator[dict[str, Any]]:
    """Yield how well seeds agree on each task, of the parts of which two seeds or more were begun.

    Over the first architectures, which no recipe was chosen by, and over all that have a score from
    every seed that was begun.
    """
    for by_seed in pieces.values():
        begun = [piece for piece in by_seed if piece.cells]
        if len(begun) < 2:
            continue
        for task in begun[0].plan.tasks:
            scores = np.array([[_score(p, a, task) for p in begun] for a in wanted])
            each = [seconds(piece, task) / len(piece.cells) for piece in begun]
            for which, some in (("the first", scores[:FIRST]), ("all", scores)):
                found = reliability(some)
                yield {
                    "task": task,
                    "which": which,
                    "cells": found.cells,
                    "cpu_seconds": float(np.mean(each)),
                    **found.columns(),
                }


def _score(piece: Piece, architecture: str, task: str) -> float:
    """Return the validation metric of the last epoch, NaN where there is none."""
    result = piece.cells.get(architecture, {}).get(task)
    if result is None or result["error"] or not result["history"]:
        return float("nan")
    return float(result["history"][-1]["valid_metric"])


if __name__ == "__main__":
    raise SystemExit(main(tyro.cli(Options, description=__doc__)))
