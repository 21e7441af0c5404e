"""What is to be predicted of each row: classes or numbers, checked before anything is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.datasets.tables.columns import column_kind, numbers_of, words_of
from rlnas.errors import DataError, InvalidArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.datasets.tables.options import TableTask

MOST_CLASSES = 20
"""Distinct whole numbers up to which a target is taken for classes."""
_PARTS = 3
_SAME = 1 - 1e-9
_ENOUGH = 3


@dataclass(frozen=True)
class TableTargets:
    """The targets of all rows that have them.

    Attributes:
        values: Class numbers, int64 ``(N,)``; or numbers, float64 ``(N, targets)``.
        classes: Names of the classes, empty for a regression.
        known: ``(rows,)`` bool, which rows of the table have their targets; N of them.
        notes: What a reader must know.
    """

    values: NDArray[np.int64] | NDArray[np.float64]
    classes: tuple[str, ...]
    known: NDArray[np.bool_]
    notes: tuple[str, ...]


def read_targets(frame: pd.DataFrame, names: tuple[str, ...], task: TableTask) -> TableTargets:
    """Return the targets of a table.

    Args:
        frame: The table.
        names: The columns to predict.
        task: What is asked for.

    Raises:
        DataError: If a target is constant, infinite or no number where one is needed; or a class
            has fewer rows than there are parts.
        InvalidArgumentError: If classes of several targets are asked for.
    """
    known = frame[list(names)].notna().all(axis=1).to_numpy()
    lost = int((~known).sum())
    notes = (f"{lost:,} rows without a target are left out.",) if lost else ()
    rows = frame.loc[known, list(names)]
    if not len(rows):
        raise DataError(f"No row has its target {', '.join(names)}; expected one in each.")
    if task == "auto":
        task = "regression" if len(names) > 1 else _guess(rows[names[0]])
    if task == "classification":
        if len(names) > 1:
            raise InvalidArgumentError(
                f"{len(names)} targets ({', '.join(names)}) cannot be classes; give one target, or "
                "task='regression'."
            )
        labels, classes = _classes(rows[names[0]], names[0])
        return TableTargets(labels, classes, known, notes)
    return TableTargets(_numbers(rows, names), (), known, notes)


def copies(inputs: pd.DataFrame, targets: TableTargets, rows: NDArray[np.int64]) -> list[str]:
    """Return the columns that say the target, each value one class or on one straight line.

    Args:
        inputs: The columns of the rows that have targets.
        targets: Their targets.
        rows: The training rows: of the others nothing is read.
    """
    import pandas as pd

    found: list[str] = []
    values = targets.values[rows]
    if len(values) < _ENOUGH * max(len(targets.classes), 1):
        return found  # of so few rows any column may look like it
    for name in inputs.columns:
        column = inputs[name].iloc[rows]
        if targets.classes:
            cells = words_of(column)
            codes = pd.factorize(cells)[0]
            pairs = len(np.unique(codes * len(targets.classes) + values))
            # As many values as classes, and every value one class.
            if codes.max() + 1 == len(np.unique(values)) == pairs:
                found.append(str(name))
        elif column_kind(column) == "number":
            numbers, _ = numbers_of(column, "number")
            if np.isnan(numbers).any() or numbers.std() == 0:
                continue
            for target in values.T:
                if abs(np.corrcoef(numbers, target)[0, 1]) > _SAME:
                    found.append(str(name))
                    break
    return found


def _guess(values: pd.Series) -> TableTask:
    if column_kind(values) != "number":
        return "classification"
    numbers, _ = numbers_of(values, "number")
    distinct = np.unique(numbers[~np.isnan(numbers)])
    whole = bool((distinct == np.floor(distinct)).all())
    return "classification" if whole and len(distinct) <= MOST_CLASSES else "regression"


def _classes(values: pd.Series, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    words = words_of(values)
    names, labels, counts = np.unique(words, return_inverse=True, return_counts=True)
    if len(names) == 1:
        raise DataError(
            f"The target {name} is {str(names[0])[:60]!r} in every row; expected two classes or "
            "more. Name another column."
        )
    rare = int(counts.argmin())
    if counts[rare] < _PARTS:
        many = " Is it a number? Then say task='regression'." if len(names) > MOST_CLASSES else ""
        raise DataError(
            f"The class {str(names[rare])[:60]!r} of {name} has {counts[rare]} row"
            f"{'' if counts[rare] == 1 else 's'}; expected {_PARTS} or more, one each to train, "
            f"validate and test. Leave its rows out, or unite it with another class.{many}"
        )
    if _all_numbers(names):  # 2 before 10
        order = np.argsort([float(text) for text in names], kind="stable")
        labels = np.argsort(order)[labels]
        names = names[order]
    return labels.astype(np.int64), tuple(str(text) for text in names)


def _all_numbers(names: NDArray[np.object_]) -> bool:
    try:
        return all(np.isfinite(float(text)) for text in names)
    except ValueError:
        return False


def _numbers(rows: pd.DataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    columns = []
    for name in names:
        if column_kind(rows[name]) != "number":
            raise DataError(
                f"The target {name} has words in it, such as "
                f"{str(_first_word(rows[name]))[:60]!r}; expected numbers, or "
                "task='classification'."
            )
        numbers, large = numbers_of(rows[name], "number")
        if large or np.isnan(numbers).any():
            raise DataError(
                f"The target {name} is infinite or huge in some rows; expected finite numbers. "
                "Leave those rows out."
            )
        if numbers.max() == numbers.min():
            raise DataError(
                f"The target {name} is {numbers[0]:g} in every row; expected numbers that differ. "
                "Name another column."
            )
        columns.append(numbers)
    return np.stack(columns, axis=1)


def _first_word(values: pd.Series) -> object:
    import pandas as pd

    return values[pd.to_numeric(values, errors="coerce").isna()].iloc[0]
