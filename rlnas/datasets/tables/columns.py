"""What the columns of a table hold: numbers, dates or words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["number", "date", "word"]

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "?")
"""Texts that stand for a missing value."""

LARGEST = 1e15
"""Numbers beyond it, infinities among them, count as missing: no network reads them."""

_DAY = 86_400.0
_FIRST = 100
_LOOKED_AT = 10_000


def column_kind(values: pd.Series) -> ColumnKind:
    """Return what the training rows of a column hold.

    Numbers if all that is there are numbers (or truth values); dates if all are dates of ISO 8601;
    else words.

    Args:
        values: The column, as the file or frame has it.
    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return "date"
    if pd.api.types.is_numeric_dtype(values.dtype):  # truth values too
        return "number"
    known = values.dropna()
    # A look at the first cells spares most columns of words that all of them are read twice.
    for part in (known.iloc[:_FIRST], known):
        numbers = pd.to_numeric(part, errors="coerce").notna().all()
        if not numbers and _days(part).isna().any():
            return "word"
    return "number" if numbers else "date"


def numbers_of(values: pd.Series, kind: ColumnKind) -> tuple[NDArray[np.float64], int]:
    """Return a column of numbers or dates as floats, and how many are too large to be read.

    Args:
        values: The column.
        kind: ``number``; or ``date``, which becomes days since 1970.

    Returns:
        Float64 ``(N,)``, NaN for what is missing or cannot be read as the kind.
    """
    import pandas as pd

    found = _days(values) if kind == "date" else pd.to_numeric(values, errors="coerce")
    numbers = found.to_numpy(dtype=np.float64, na_value=np.nan).copy()
    large = np.abs(numbers) > LARGEST
    numbers[large] = np.nan
    return numbers, int(large.sum())


def words_of(values: pd.Series) -> NDArray[np.object_]:
    """Return a column as texts without blanks at their ends, the empty one for what is missing."""
    import pandas as pd

    if isinstance(values.dtype, pd.StringDtype):  # as files have them: each text is read once
        places, distinct = pd.factorize(values)
        return _stripped([*distinct, ""])[places]
    return _stripped(values.astype(object).where(values.notna(), ""))


def _stripped(texts: Iterable[object]) -> NDArray[np.object_]:
    stripped = [str(text).strip() for text in texts]
    return np.array(["" if text in MISSING else text for text in stripped], dtype=object)


def doubts(name: str, words: NDArray[np.object_]) -> str:
    """Return what a reader must know of a column of words that look like numbers, else nothing.

    Args:
        name: The column's name.
        words: Its cells in the training rows, as `words_of` gives them.
    """
    import pandas as pd

    known = pd.Series([word for word in words if word], dtype=object)
    told = known.iloc[:_LOOKED_AT]
    numbers = pd.to_numeric(told, errors="coerce").notna()
    others = told[~numbers]
    remedy = "it is read as words."
    if numbers.mean() > 0.5 and len(others):
        return (
            f"The column {name} holds numbers but for cells such as {str(others.iloc[0])[:40]!r}; "
            f"{remedy} Empty such cells to have numbers."
        )
    commas = others.str.fullmatch(r"[+-]?\d+,\d+")
    if len(others) and commas.mean() > 0.5:
        return (
            f"The column {name} has decimal commas, such as {others.iloc[0]!r}; {remedy} Write "
            "decimal points to have numbers."
        )
    return ""


def _days(values: pd.Series) -> pd.Series:
    import pandas as pd

    dates = pd.to_datetime(values, errors="coerce", format="ISO8601", utc=True)
    first = pd.Timestamp(0, tz="UTC").as_unit("s")  # in nanoseconds no date after 2262 is told
    days: pd.Series = (dates - first) / pd.Timedelta(seconds=_DAY)
    return days


def kinds_of(frame: pd.DataFrame) -> Mapping[str, ColumnKind]:
    """Return what each column of the training rows holds."""
    return {str(name): column_kind(frame[name]) for name in frame.columns}
