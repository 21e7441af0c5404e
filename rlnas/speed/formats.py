"""How numbers of speed are written: three significant digits and units that fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MISSING = "–"


def number_text(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits, thousands separated; a dash for none.

    Example:
        >>> number_text(1234567.0), number_text(0.12345), number_text(None)
        ('1,230,000', '0.123', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(places, 0)}f}"


def seconds_text(value: float | None) -> str:
    """Return a duration in a unit that fits.

    Example:
        >>> seconds_text(0.00234), seconds_text(12.345), seconds_text(2e-6), seconds_text(None)
        ('2.34 ms', '12.3 s', '2.00 µs', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1 or unit == "µs":
            return f"{number_text(value * factor)} {unit}"
    raise AssertionError  # the last unit takes everything


def bytes_text(value: float | None) -> str:
    """Return a size in a unit that fits.

    Example:
        >>> bytes_text(999), bytes_text(5_300_000)
        ('999 B', '5.30 MB')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    for factor, unit in ((1, "B"), (1e3, "kB"), (1e6, "MB")):
        if value < 1000 * factor:
            return f"{number_text(value / factor)} {unit}"
    return f"{number_text(value / 1e9)} GB"


def times_text(ratio: float) -> str:
    """Return a ratio for people.

    Example:
        >>> times_text(123.4), times_text(1.5)
        ('123 times', '1.50 times')
    """
    return f"{number_text(ratio)} times"


def spread_text(spread: Mapping[str, Any], scale: float = 1.0) -> list[str]:
    """Return median, minimum and maximum, each times ``scale``."""
    return [
        MISSING if spread[key] is None else number_text(spread[key] * scale)
        for key in ("median", "min", "max")
    ]
