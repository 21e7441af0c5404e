"""From a raw row to the input of a network, in plain Python: what an exported model has of its own.

`rlnas.export.table` copies this module's functions, as they stand, into the model's own file. So
they name only the standard library, PyTorch, each other, and the model's constants, which
`rlnas.datasets.tables.TablePreparation` describes. What they compute is what
`TablePreparation.inputs` does with whole columns.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

# In a model's file the training has put its own values here.
NUMBERS: list[dict[str, Any]] = []
WORDS: list[dict[str, Any]] = []
MISSING: tuple[str, ...] = ()
LARGEST = math.inf
FARTHEST = math.inf


def read(path: str | Path, delimiter: str | None = None) -> list[dict[str, str]]:
    """Return the rows of a CSV or TSV file with a header; ``.gz`` too.

    Without a delimiter it is the sign of , ; | and the tab that parts the header most often.
    """
    content = Path(path).read_bytes()
    content = gzip.decompress(content) if str(path).lower().endswith(".gz") else content
    try:
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.lstrip("\r\n")
    header = text.splitlines()[0] if text.strip() else ""
    signs = {sign: len(next(csv.reader([header], delimiter=sign), [])) for sign in ",;\t|"}
    delimiter = delimiter or max(signs, key=lambda sign: signs[sign])
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip() for name in next(lines, [])]
    return [dict(zip(names, cells, strict=False)) for cells in lines if cells]


def cell_number(cell: object, kind: str) -> float:
    """Return a cell as a number, a date as days since 1970; NaN for what is missing or neither."""
    if cell is None or (isinstance(cell, str) and cell.strip() in MISSING):
        return math.nan
    try:
        if kind == "date":
            day = cell
            if isinstance(cell, str):
                day = datetime.fromisoformat(cell.strip().replace("Z", "+00:00"))
            if not isinstance(day, datetime):
                return math.nan
            if day.tzinfo is None:
                day = day.replace(tzinfo=timezone.utc)
            number = day.timestamp() / 86_400
        elif isinstance(cell, str) and "_" in cell:  # Python's own digit groups
            return math.nan
        else:
            number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return number if abs(number) <= LARGEST else math.nan


def cell_word(cell: object) -> str:
    """Return a cell as a word, the empty one for what is missing."""
    word = "" if cell is None else str(cell).strip()  # a missing number is "nan"
    return "" if word in MISSING else word


def prepare(rows: Iterable[Mapping[str, object]]) -> Tensor:
    """Return the network's input, float32 (B, inputs), of raw rows: prepared as in training.

    A row gives each column's cell by its name, as text from a file or as a value of Python; an
    empty one is missing. A row without one of the columns is a ValueError.
    """
    inputs = []
    columns = [column["name"] for column in [*NUMBERS, *WORDS]]
    for place, row in enumerate(rows, start=1):
        if absent := [name for name in columns if name not in row]:
            raise ValueError(
                f"row {place} has no column {absent[0]!r}; expected a cell for each of "
                f"{', '.join(columns[:8])}{' …' if len(columns) > 8 else ''}"
            )
        numbers = [cell_number(row[column["name"]], column["kind"]) for column in NUMBERS]
        values = [
            ((column["fill"] if math.isnan(number) else number) - column["mean"]) / column["scale"]
            for column, number in zip(NUMBERS, numbers, strict=True)
        ]
        for column, number in zip(NUMBERS, numbers, strict=True):
            if column["missing"] is not None:
                mean, scale = column["missing"]
                values.append((math.isnan(number) - mean) / scale)
        for column in WORDS:
            word = cell_word(row[column["name"]])
            values += [float(word == known) for known in column["words"]]
            if column["other"]:
                values.append(float(word not in column["words"]))
        inputs.append([min(max(value, -FARTHEST), FARTHEST) for value in values])
    if not inputs:
        raise ValueError("there are no rows; expected one or more below a header")
    return torch.tensor(inputs, dtype=torch.float64).float()
