"""Numbers from files: what is one, and what only looks like one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import DataError, shown


def number(value: object, where: str) -> float:
    """Return a number, NaN for None; truth values, texts and tensors are none.

    Raises:
        DataError: If it is none, or too large for a float.
    """
    return float(numbers([value], where)[0])


def finite(value: object, where: str) -> float:
    """Return a finite number, or NaN for None and for what is infinite.

    Raises:
        DataError: As `number`.
    """
    found = number(value, where)
    return found if math.isfinite(found) else math.nan


def count(value: object, where: str) -> int:
    """Return a whole number of 0 or more.

    Raises:
        DataError: If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise DataError(f"{where}: expected a whole number of 0 or more, got {shown(value)}.")
    return int(value)


def numbers(values: object, where: str) -> NDArray[np.float64]:
    """Return the numbers of a list, float64 ``(N,)``, NaN for None.

    Raises:
        DataError: If it is no list, or something in it is no number.
    """
    if not isinstance(values, list | tuple):
        raise DataError(f"{where}: expected a list of numbers, got {shown(values)}.")
    kinds = set(map(type, values))
    if not all(issubclass(kind, _NUMBERS) and kind is not bool for kind in kinds):
        wrong = next(v for v in values if isinstance(v, bool) or not isinstance(v, _NUMBERS))
        raise DataError(f"{where}: expected a number, got {shown(wrong)}.")
    if type(None) in kinds:
        values = [math.nan if value is None else value for value in values]
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError as error:
        raise DataError(f"{where}: a number is larger than any float.") from error


_NUMBERS = (int, float, np.integer, np.floating, type(None))
