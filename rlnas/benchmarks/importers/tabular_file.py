"""Reading the cells of a CSV or Parquet file, with the line of everything that is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import DataError
from rlnas.spaces import Architecture, SearchSpace

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TabularFile:
    """The cells of a file.

    Attributes:
        path: The file.
        frame: Its cells.
        architectures: The texts in the column of architectures.
        lines: Line of each row in a CSV (the header is line 1), or number of the row from 1.
    """

    path: Path
    frame: pd.DataFrame
    architectures: list[str]
    lines: list[int]

    @property
    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers."""
        return [str(c) for c in self.frame.columns if self.frame[c].dtype.kind in "iuf"]

    def require(self, column: str) -> None:
        """Check that there is a column with this name.

        Raises:
            DataError: If there is none.
        """
        if column not in self.frame.columns:
            names = ", ".join(str(name) for name in self.frame.columns)
            raise DataError(f"{self.path} has no column {column!r}; it has {names}.")

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return the numbers of a column, ``(rows,)``, NaN where a cell is empty or infinite.

        Raises:
            DataError: If a cell holds something else; the message says in which line.
        """
        import pandas as pd

        cells = self.frame[column]
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = np.flatnonzero(np.isnan(values) & cells.notna().to_numpy())
        if len(wrong):
            raise DataError(
                f"{self.path}, line {self.lines[wrong[0]]}: {column!r} holds "
                f"{cells.iloc[wrong[0]]!r}, which is no number."
            )
        return np.where(np.isfinite(values), values, np.nan)


def read_frame(path: Path, architecture: str) -> TabularFile:
    """Read a CSV or Parquet file, told apart by content.

    Raises:
        DataError: If it cannot be read, is empty or lacks the column of architectures.
    """
    import pandas as pd

    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        if parquet:
            frame = pd.read_parquet(path)
        else:
            # As text, or digits such as 013 would lose their zeros.
            frame = pd.read_csv(path, dtype={architecture: str}, skip_blank_lines=False)
    except (OSError, ValueError, LookupError, pd.errors.ParserError) as error:
        raise DataError(f"{path} is no readable CSV or Parquet file: {error}.") from error
    first = 1 if parquet else 2
    if architecture not in frame.columns:
        names = ", ".join(str(name) for name in frame.columns)
        raise DataError(
            f"{path} has no column {architecture!r}; name the column of architectures with "
            f"architecture=…, one of {names}."
        )
    if frame.empty:
        raise DataError(f"{path} has no row.")
    texts = frame[architecture]
    empty = np.flatnonzero(texts.isna().to_numpy())
    if len(empty):
        raise DataError(f"{path}, line {first + int(empty[0])}: there is no architecture.")
    lines = list(range(first, first + len(frame)))
    return TabularFile(path, frame, [str(text) for text in texts], lines)


def parse_digits(text: str, space: SearchSpace) -> Architecture:
    """Return the architecture whose integer encoding is written in a text.

    Digits may stand alone where every operation has one digit, or be separated by commas, blanks
    or underscores, in any brackets. Positions at the end of a shorter network may be left out
    where the space has such.

    Raises:
        DataError: If it names no architecture of the space.
    """
    separated = re.fullmatch(r"[(\[]?\s*(\d+(?:[\s,_]+\d+)+)\s*,?\s*[)\]]?", text.strip())
    if separated is not None:
        digits = [int(digit) for digit in re.split(r"[\s,_]+", separated.group(1))]
    else:
        digits = [int(digit) for digit in text.strip()] if text.strip().isdigit() else []
    if space.name == "transnas-macro":
        digits += [0] * (space.num_positions - len(digits))
    if len(digits) == space.num_positions and max(digits) < space.num_operations:
        vector = np.array(digits, dtype=np.int8)
        if space.is_valid(vector[None])[0]:
            return vector
    raise DataError(f"{text!r} names no architecture of {space.name} by its digits.")
