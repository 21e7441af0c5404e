"""Counts and durations as text."""

from __future__ import annotations

import math

_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def format_amount(value: float) -> str:
    """Return a count with three digits and a unit.

    Example:
        >>> format_amount(47438), format_amount(1234567), format_amount(12)
        ('47.4k', '1.23M', '12')
    """
    for size, unit in _UNITS:
        if value >= size:
            return f"{value / size:#.3g}".rstrip(".") + unit
    return f"{value:.0f}"


def format_seconds(value: float) -> str:
    """Return a duration.

    Example:
        >>> format_seconds(3.21), format_seconds(75), format_seconds(7260)
        ('3.2 s', '75 s', '2.0 h')
    """
    if math.isnan(value):
        return "–"
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"
