"""Ratios, shares and their intervals as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Format = Callable[[float], str]
"""Returns a number as text."""


def format_ratio(value: float) -> str:
    """Return a ratio with two significant digits, ``∞`` and ``–`` where it is none.

    Example:
        >>> [format_ratio(v) for v in (0.1234, 12.3, 123.4, float("inf"), float("nan"))]
        ['0.12', '12', '123', '∞', '–']
        >>> format_ratio(0.3), format_ratio(0.996)
        ('0.30', '1.0')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= 99.5:
        return f"{value:.0f}".replace("-", "−")
    return f"{value:#.2g}".rstrip(".").replace("-", "−")


def format_power(log10: float) -> str:
    """Return a ratio whose logarithm is given."""
    return format_ratio(10**log10)


def format_share(value: float) -> str:
    """Return a share as a percentage, ``–`` where there is none."""
    return "–" if math.isnan(value) else f"{value:.0%}"


def format_count(value: float) -> str:
    """Return a signed count: no decimal from 10 on, one below; ``∞`` and ``–`` where it is none."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.0f}" if abs(value) >= 9.95 or value == round(value) else f"{value:.1f}"
    return text.replace("-", "−")


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
