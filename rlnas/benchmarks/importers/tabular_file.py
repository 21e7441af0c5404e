"""Reading the cells of a CSV or Parquet file, with the line of everything that is wrong."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.damage import guarded
from rlnas.errors import DataError, shown
from rlnas.spaces import Architecture, SearchSpace

DELIMITERS = ",;\t"
MOST_BYTES = 256 << 20
"""Most bytes of a file; its cells take several times as much memory."""
_FREE_ROWS = 10_000

# What pandas takes for an empty cell.
_EMPTY = frozenset(
    [
        "",
        "#N/A",
        "#NA",
        "<NA>",
        "N/A",
        "NA",
        "NULL",
        "NaN",
        "None",
        "n/a",
        "nan",
        "null",
        "-NaN",
        "-nan",
    ]
)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.IGNORECASE)
_NUMBERS = (int, float, Decimal)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")


@dataclass(frozen=True)
class TabularFile:
    """The cells of a file.

    Attributes:
        path: The file.
        cells: The cells of each column by its name: texts in a CSV, with None where they are
            empty, and what the file holds in Parquet.
        architectures: The texts in the column of architectures.
        lines: Line of each row in a CSV (the header is line 1), or number of the row from 1.
        comma: Whether numbers may have a decimal comma, for another sign parts the cells.
    """

    path: Path
    cells: dict[str, list[Any]]
    architectures: list[str]
    lines: list[int]
    comma: bool = False

    @property
    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers and nothing else."""
        return [name for name, cells in self.cells.items() if self._wrong(cells) is None]

    def require(self, column: str) -> None:
        """Check that there is a column with this name.

        Raises:
            DataError: If there is none.
        """
        if column not in self.cells:
            raise DataError(
                f"{self.path} has no column {shown(column)}; it has {names(self.cells)}."
            )

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return the numbers of a column, ``(rows,)``, NaN where a cell is empty or infinite.

        Truth values, dates and times are no numbers.

        Raises:
            DataError: If a cell holds something else; the message says in which line.
        """
        cells = self.cells[column]
        wrong = self._wrong(cells)
        if wrong is not None:
            cell = cells[wrong]
            comma = isinstance(cell, str) and _DECIMAL_COMMA.fullmatch(cell.strip())
            raise DataError(
                f"{self.path}, line {self.lines[wrong]}: {shown(column)} holds "
                f"{shown(cell)}, which is no number."
                + (" Decimals are written with a point, or cells parted by ';'." if comma else "")
            )
        values = np.array([_to_float(cell, self.comma) for cell in cells], dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)

    def _wrong(self, cells: list[Any]) -> int | None:
        """Return the row of the first cell that is no number, or None."""
        for row, cell in enumerate(cells):
            if _to_float(cell, self.comma) is None:
                return row
        return None


def _to_float(cell: Any, comma: bool) -> float | None:
    """Return a number, NaN for an empty cell, None for anything else."""
    if cell is None:
        return math.nan
    if isinstance(cell, str):
        text = cell.strip()
        if comma and _DECIMAL_COMMA.fullmatch(text):
            text = text.replace(",", ".")
        return float(text) if _NUMBER.fullmatch(text) else None
    return float(cell) if isinstance(cell, _NUMBERS) and not isinstance(cell, bool) else None


def names(columns: dict[str, Any]) -> str:
    """Return the names of a file's columns for a message: the first twenty."""
    known = [shown(name)[1:-1] for name in columns]
    return ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")


def read_frame(path: Path, architecture: str) -> TabularFile:
    """Read a CSV or Parquet file, told apart by content.

    A CSV is UTF-8, with or without a byte order mark, its cells parted by commas, semicolons or
    tabs, whichever part the column of architectures from others. Blank lines are skipped, and a
    last column that is empty throughout, as a comma at the end of each line makes it, is dropped.
    The index of a Parquet file that pandas wrote counts as columns.

    Raises:
        DataError: If it cannot be read, is empty or lacks the column of architectures.
    """
    with guarded(path, "CSV or Parquet file"):
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        if path.stat().st_size > MOST_BYTES:
            raise DataError(f"{path} is larger than {MOST_BYTES >> 20} MiB: not read.")
        comma = False
        if parquet:
            cells = _read_parquet(path)
            lines = list(range(1, 1 + max(map(len, cells.values()), default=0)))
        else:
            cells, lines, comma = _read_csv(path, architecture)
        if architecture not in cells:
            raise DataError(
                f"{path} has no column {shown(architecture)}; name the column of architectures "
                f"with architecture=…, one of {names(cells)}."
            )
        if not lines:
            raise DataError(f"{path} has no row.")
        texts = cells[architecture]
        if None in texts:
            raise DataError(f"{path}, line {lines[texts.index(None)]}: there is no architecture.")
        return TabularFile(path, cells, [str(text) for text in texts], lines, comma)


def _read_parquet(path: Path) -> dict[str, list[Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        # Equal cells take no room, but architectures differ: a row takes more than a byte.
        if rows > max(_FREE_ROWS, path.stat().st_size):
            raise DataError(f"{path} has {path.stat().st_size} bytes and claims {rows} rows.")
        table = file.read()
    cells = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in cells:
            raise DataError(f"{path} has two columns {shown(name)}.")
        cells[name] = column.to_pylist()
    return cells


def _read_csv(path: Path, architecture: str) -> tuple[dict[str, list[Any]], list[int], bool]:
    """Return the cells by column, the line of each row, and whether decimals may have a comma."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
        if "\0" in first:
            raise DataError("it holds bytes of 0; expected text in UTF-8")
        delimiter = next(
            (
                sign
                for sign in DELIMITERS
                if architecture in next(csv.reader([first], delimiter=sign), ())
            ),
            ",",
        )
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        header: list[str] = []
        rows: list[list[str]] = []
        lines: list[int] = []
        start = 1
        for row in reader:
            if not header:
                header = row
            elif any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1  # a quoted cell may hold line ends
    _check_widths(path, header, rows, lines)
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise DataError(f"{path} has two columns {shown(twice)}.")
    cells = {
        name: [None if (cell := row[place]).strip() in _EMPTY else cell for row in rows]
        for place, name in enumerate(header)
    }
    return cells, lines, delimiter != ","


def _check_widths(path: Path, header: list[str], rows: list[list[str]], lines: list[int]) -> None:
    """Cut empty cells beyond the header, pad short rows, and refuse any other width."""
    while len(header) > 1 and not header[-1].strip():
        if any(len(row) >= len(header) and row[len(header) - 1].strip() for row in rows):
            break  # a column of numbers without a name
        header.pop()
    for row, line in zip(rows, lines, strict=True):
        if any(cell.strip() for cell in row[len(header) :]):
            raise DataError(
                f"{path}, line {line}: there are {len(row)} cells, and the header names "
                f"{len(header)} columns: no readable CSV. Cells that hold the delimiter stand in "
                "quotes."
            )
        del row[len(header) :]
        row.extend([""] * (len(header) - len(row)))


def parse_digits(text: str, space: SearchSpace) -> Architecture:
    """Return the architecture whose integer encoding is written in a text.

    Digits may stand alone where every operation has one digit, or be separated by commas, blanks
    or underscores, in any brackets. Positions at the end of a shorter network may be left out
    where the space has such.

    Raises:
        DataError: If it names no architecture of the space.
    """
    # Numbers of three digits at most: an operation has no more, and int() of a thousand is slow.
    separated = re.fullmatch(r"[(\[]?\s*(\d{1,3}(?:[\s,_]+\d{1,3})+)\s*,?\s*[)\]]?", text.strip())
    if separated is not None:
        digits = [int(digit) for digit in re.split(r"[\s,_]+", separated.group(1))]
    else:
        digits = [int(digit) for digit in text.strip()] if text.strip().isdecimal() else []
    if space.name == "transnas-macro":
        digits += [0] * (space.num_positions - len(digits))
    if len(digits) == space.num_positions and max(digits) < space.num_operations:
        vector = np.array(digits, dtype=np.int8)
        if space.is_valid(vector[None])[0]:
            return vector
    raise DataError(f"{shown(text)} names no architecture of {space.name} by its digits.")
