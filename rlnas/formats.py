"""How numbers, durations, sizes and names are written wherever people read them.

`MISSING` stands where there is no number. Each function says how exact it is: ranks, scores, ratios
and counts are of one table or page each, `format_number` has three digits of anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Format = Callable[[float], str]
"""Returns a number as text."""

MISSING = "–"
"""Stands for a number that is not there."""


# -- numbers ---------------------------------------------------------------------------------


def format_number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits, thousands separated; a dash for none.

    Example:
        >>> format_number(1234567.0), format_number(0.12345), format_number(None)
        ('1,230,000', '0.123', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, places):,.{max(places, 0)}f}"


def format_rank(rank: float) -> str:
    """Return a mean rank with one decimal below 100, none above, ``–`` where there is none.

    Example:
        >>> format_rank(12.34), format_rank(1234.5), format_rank(float("nan"))
        ('12.3', '1234', '–')
    """
    if math.isnan(rank):
        return MISSING
    return f"{rank:.1f}" if rank < 99.95 else f"{rank:.0f}"


def format_range(low: float, high: float) -> str:
    """Return an interval of mean ranks as text, empty where there is none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{format_rank(low)}, {format_rank(high)}]"


def format_score(score: float) -> str:
    """Return a score with four significant digits, ``–`` where there is none."""
    return MISSING if math.isnan(score) else f"{score:.4g}"


def format_ratio(value: float) -> str:
    """Return a ratio with two significant digits, ``∞`` and ``–`` where it is none.

    Example:
        >>> [format_ratio(v) for v in (0.1234, 12.3, 123.4, float("inf"), float("nan"))]
        ['0.12', '12', '123', '∞', '–']
        >>> format_ratio(0.3), format_ratio(0.996)
        ('0.30', '1.0')
    """
    if not math.isfinite(value):
        return _not_finite(value)
    if abs(value) >= 99.5:
        return f"{value:.0f}".replace("-", "−")
    return f"{value:#.2g}".rstrip(".").replace("-", "−")


def format_power(log10: float) -> str:
    """Return a ratio whose logarithm is given."""
    return format_ratio(10**log10)


def format_share(value: float) -> str:
    """Return a share as a percentage, ``–`` where there is none."""
    return MISSING if math.isnan(value) else f"{value:.0%}"


def format_count(value: float) -> str:
    """Return a signed count: no decimal from 10 on, one below; ``∞`` and ``–`` where it is none."""
    if not math.isfinite(value):
        return _not_finite(value)
    text = f"{value:,.0f}" if abs(value) >= 9.95 or value == round(value) else f"{value:.1f}"
    return text.replace("-", "−")


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return MISSING
    return "∞" if value > 0 else "−∞"


def format_amount(value: float) -> str:
    """Return a count with three digits and a unit.

    Example:
        >>> format_amount(47438), format_amount(1234567), format_amount(12)
        ('47.4k', '1.23M', '12')
    """
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:#.3g}".rstrip(".") + unit
    return f"{value:.0f}"


# -- estimates with their intervals ----------------------------------------------------------


def estimate(found: Mapping[Any, Any], name: str, as_text: Format) -> str:
    """Return an estimate with its interval.

    Args:
        found: ``name``, and its interval as ``<name>_low`` and ``<name>_high``; NaN for none.
        name: What to show.
        as_text: How to write a number.
    """
    value, low, high = (float(found[name + end]) for end in ("", "_low", "_high"))
    text = as_text(value)
    if math.isnan(value) or math.isnan(low) or math.isnan(high):
        return text
    return f"{text} [{as_text(low)}, {as_text(high)}]"


def power(found: Mapping[Any, Any], name: str) -> str:
    """Return 10 to the *negative* of an estimate with its interval.

    A gain in −log10(rank) becomes the rank in units of the baseline's, below 1 where it is better.
    """
    turned = {
        name: -float(found[name]),
        f"{name}_low": -float(found[f"{name}_high"]),
        f"{name}_high": -float(found[f"{name}_low"]),
    }
    return estimate(turned, name, format_power)


# -- durations and sizes ---------------------------------------------------------------------


def format_seconds(value: float) -> str:
    """Return how long a training or a search took, in seconds, minutes or hours.

    Example:
        >>> format_seconds(3.21), format_seconds(75), format_seconds(7260)
        ('3.2 s', '75 s', '2.0 h')
    """
    if math.isnan(value):
        return MISSING
    if value < 10:
        return f"{value:.1f} s"
    if value < 120:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def format_timing(value: float | None) -> str:
    """Return a measured time with three digits, in seconds or a part of one that fits.

    Example:
        >>> format_timing(0.00234), format_timing(12.345), format_timing(2e-6), format_timing(None)
        ('2.34 ms', '12.3 s', '2.00 µs', '–')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return f"{format_number(value * factor)} {unit}"
    return f"{format_number(value * 1e6)} µs"


def format_bytes(value: float | None) -> str:
    """Return a size with three digits in a unit that fits.

    Example:
        >>> format_bytes(999), format_bytes(5_300_000)
        ('999 B', '5.30 MB')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    for factor, unit in ((1, "B"), (1e3, "kB"), (1e6, "MB")):
        if value < 1000 * factor:
            return f"{format_number(value / factor)} {unit}"
    return f"{format_number(value / 1e9)} GB"


# -- names -----------------------------------------------------------------------------------


def short_names(names: Sequence[str], width: int = 5) -> dict[str, str]:
    """Return a distinct name of at most ``width`` characters for each name.

    Words are cut evenly, ``class_object`` becomes ``cl_ob``; where that is ambiguous the last
    characters become a number.

    Args:
        names: Distinct names.
        width: Characters, 4 or more.

    Example:
        >>> short_names(["class_object", "class_scene", "jigsaw"])
        {'class_object': 'cl_ob', 'class_scene': 'cl_sc', 'jigsaw': 'jigsa'}
    """
    short: dict[str, str] = {}
    for number, name in enumerate(names):
        candidate = name if len(name) <= width else _cut(name, width)
        if candidate in short.values():
            suffix = str(number)
            candidate = candidate[: width - len(suffix)] + suffix
        short[name] = candidate
    return short


def _cut(name: str, width: int) -> str:
    words = [word for word in re.split(r"[^0-9A-Za-z]+", name) if word]
    if len(words) < 2:
        return name[:width]
    # The last word tells siblings apart (synthetic-0, synthetic-1), so it is kept longest.
    first, last = words[0], words[-1]
    tail = last[: max(width // 2, 1)]
    return f"{first[: width - 1 - len(tail)]}_{tail}"
