"""Short names of tasks for narrow columns, and numbers with as many digits as they deserve."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence


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


def format_rank(rank: float) -> str:
    """Return a mean rank with one decimal below 100, none above, ``–`` where there is none.

    Example:
        >>> format_rank(12.34), format_rank(1234.5), format_rank(float("nan"))
        ('12.3', '1234', '–')
    """
    if math.isnan(rank):
        return "–"
    return f"{rank:.1f}" if rank < 99.95 else f"{rank:.0f}"


def format_score(score: float) -> str:
    """Return a score with four significant digits, ``–`` where there is none."""
    return "–" if math.isnan(score) else f"{score:.4g}"


def format_range(low: float, high: float) -> str:
    """Return an interval as text, empty where there is none."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"[{format_rank(low)}, {format_rank(high)}]"
