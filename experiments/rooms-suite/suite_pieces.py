"""Finished trainings as they are kept here: a Parquet file for each part and seed.

`collect.py` writes them, `build.py` starts from them, so that another machine goes on where they
end. A file says what was trained and on which machines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from rlnas.atomic import atomic_file
from rlnas.damage import guarded
from rlnas.errors import DataError
from rlnas.training.tabulation.plan import Tabulation, missing_cells, write_cell

TRAINED = Path(__file__).parent / "trained"
"""Where the pieces lie."""

NUMBERS = (
    "train_loss",
    "valid_metric",
    "valid_loss",
    "valid_miou",
    "test_metric",
    "test_loss",
    "test_miou",
    "cpu_seconds",
)
"""What is kept of an epoch: what `pack.py` puts into a table, with its precision."""

_ABOUT = b"rooms-suite"
_TEXTS = ("architecture", "task", "device", "error")


@dataclass(frozen=True)
class Piece:
    """Finished trainings of a part with one seed.

    Attributes:
        plan: What was trained.
        seed: The seed.
        machines: Processor and versions of each machine that trained some of it.
        cells: By architecture the tasks of a cell's file, as
            `rlnas.training.tabulation.run.tabulate` writes them; an epoch holds ``epoch`` and what
            of `NUMBERS` it has.
    """

    plan: Tabulation
    seed: int
    machines: tuple[dict[str, Any], ...]
    cells: dict[str, dict[str, Any]]


def piece_path(folder: Path, space: str, part: str, seed: int) -> Path:
    """Return the file of a piece, e.g. ``micro-pixels-seed0.parquet``."""
    return folder / f"{space}-{part}-seed{seed}.parquet"


def write_piece(path: Path, piece: Piece) -> None:
    """Write a piece; the same trainings give the same file, in whatever order they were made."""
    rows = [row for name in sorted(piece.cells) for row in _rows(name, piece.cells[name])]
    frame = pd.DataFrame(rows, columns=[*_TEXTS, "epoch", *NUMBERS])
    frame = frame.astype({"epoch": "int16"} | dict.fromkeys(NUMBERS, "float32"))
    table = pa.Table.from_pandas(frame, preserve_index=False)
    about = {"plan": piece.plan.describe(), "seed": piece.seed, "machines": piece.machines}
    table = table.replace_schema_metadata({_ABOUT: json.dumps(about)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as partial:
        parquet.write_table(
            table,
            partial,
            compression="zstd",
            compression_level=19,
            use_dictionary=list(_TEXTS),
            use_byte_stream_split=list(NUMBERS),
        )


def _rows(architecture: str, tasks: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for task, found in tasks.items():
        about = {"architecture": architecture, "task": task}
        about |= {"device": found["device"], "error": found["error"]}
        # Epoch 0 stands for none: a training may fail before its first.
        for epoch in found["history"] or [{"epoch": 0}]:
            yield about | {name: epoch.get(name) for name in ("epoch", *NUMBERS)}


def read_piece(path: Path) -> Piece:
    """Return a piece.

    Raises:
        DataError: If the file is damaged.
    """
    with guarded(path, "piece of collect.py"):
        table = parquet.read_table(path)
        about = json.loads((table.schema.metadata or {})[_ABOUT])
        cells: dict[str, dict[str, Any]] = {}
        for row in table.to_pylist():
            tasks = cells.setdefault(row.pop("architecture"), {})
            start = {"error": row.pop("error"), "device": row.pop("device"), "history": []}
            history = tasks.setdefault(row.pop("task"), start)["history"]
            if row["epoch"]:
                history.append({name: value for name, value in row.items() if _there(value)})
        plan = Tabulation.from_description(about["plan"])
        return Piece(plan, about["seed"], tuple(about["machines"]), cells)


def _there(value: float | None) -> bool:
    """Whether it is a number; what an epoch does not have is NaN in its row."""
    return value is not None and not math.isnan(value)


def unpack_piece(path: Path, plan: Tabulation, folder: Path) -> Piece | None:
    """Write the cells of a piece as files into the folder of their part, those that are not there.

    Args:
        path: The piece; where there is none, nothing is done.
        plan: What the folder's cells were trained with.
        folder: The part's folder.

    Returns:
        The piece, None where there is none.

    Raises:
        DataError: If the file is damaged or was trained with another plan.
    """
    if not path.exists():
        return None
    piece = read_piece(path)
    if piece.plan != plan:
        raise DataError(
            f"{path} was trained with another plan than {folder} is; remove it, or go back to the "
            "scripts that it was made with."
        )
    for cell in missing_cells(folder, list(piece.cells), (piece.seed,), plan.tasks):
        folder.mkdir(parents=True, exist_ok=True)
        write_cell(cell, piece.cells[cell.architecture], folder)
    return piece
