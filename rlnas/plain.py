"""Python's own numbers in place of NumPy's and others', in arguments and configurations.

A configuration is compared, hashed and written as JSON, and a file keeps no type of NumPy's.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from functools import lru_cache
from typing import Any

import numpy as np

from rlnas.errors import InvalidArgumentError, shown


def whole(value: object, name: str, least: int = 0) -> int:
    """Return an integer as Python's own.

    Args:
        value: What was given: any integer, also NumPy's or one of an array without axes.
        name: Its name, for the error.
        least: The smallest that is allowed.

    Raises:
        InvalidArgumentError: If it is none, too small or has more than 64 bits, which no array
            holds; None and truth values are none.
    """
    value = _scalar(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidArgumentError(
            f"{name} is {str(value)[:100]} ({type(value).__name__}); expected an integer of "
            f"{least} or more."
        )
    if value >= 1 << 63:
        raise InvalidArgumentError(f"{name} has more than 64 bits; expected a smaller integer.")
    return value


def make_plain(configuration: Any) -> None:
    """Replace what is not Python's own in the fields of a dataclass, to be called as it is made.

    Raises:
        InvalidArgumentError: If a field of whole numbers, numbers or truth values has another type,
            or a number is NaN.
    """
    made: Any = type(configuration)  # Mypy takes no type for hashable
    kind = type(configuration).__name__
    for name, expected, optional in _fields(made):
        given = getattr(configuration, name)
        if type(given) is str and expected in (None, _EXPECTED["str"]):
            continue
        value = _scalar(given)
        if isinstance(value, tuple | list):
            value = type(value)(_scalar(item) for item in value) if _any_foreign(value) else value
        if value is not given:
            object.__setattr__(configuration, name, value)
        if expected is None or (value is None and optional):
            continue
        kinds, words = expected
        if isinstance(value, int) and abs(value) >= 1 << 63:
            raise InvalidArgumentError(f"{kind}.{name} has more than 64 bits; expected {words}.")
        fits = isinstance(value, kinds) and isinstance(value, bool) == (kinds is bool)
        if not fits or (isinstance(value, float) and math.isnan(value)):
            raise InvalidArgumentError(
                f"{kind}.{name} is {str(value)[:100]} ({type(value).__name__}); expected {words}."
            )


def at_most(configuration: Any, **limits: int) -> None:
    """Refuse numbers of a dataclass that size something no machine could hold or finish.

    Args:
        configuration: The dataclass.
        limits: The largest value of a field, by its name; a field may be None.

    Raises:
        InvalidArgumentError: If a field is above its limit.
    """
    for name, most in limits.items():
        value = getattr(configuration, name)
        if value is not None and value > most:
            raise InvalidArgumentError(f"{name} is {shown(value)}; expected {most:,} at most.")


_EXPECTED: dict[str, tuple[Any, str]] = {
    "int": (int, "an integer"),
    "float": (numbers.Real, "a number"),
    "bool": (bool, "True or False"),
    "str": (str, "a text"),
}


@lru_cache(maxsize=256)
def _fields(kind: Any) -> list[tuple[str, tuple[Any, str] | None, bool]]:
    """Return each field of a dataclass with what it takes, and whether None too."""
    types = {field.name: str(field.type) for field in dataclasses.fields(kind)}
    return [
        (name, _EXPECTED.get(text.removesuffix(" | None")), text.endswith("None"))
        for name, text in types.items()
    ]


def _any_foreign(values: tuple[object, ...] | list[object]) -> bool:
    return any(_scalar(item) is not item for item in values)


def _scalar(value: object) -> object:
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.shape == ()):
        return value.item()
    return value
