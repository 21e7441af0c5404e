"""Panels with common axes: one over all targets, and one for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ALL_TARGETS = "all targets"
"""Title of the panel over all targets."""

_COLUMNS = 4
_WIDTH, _HEIGHT = 3.1, 2.6  # inches of a panel

_Place = tuple[slice, slice]


def panel_size(count: int, *, large_first: bool) -> tuple[float, float]:
    """Return width and height in inches that panels need, without what is above and below.

    Args:
        count: Number of panels.
        large_first: Whether the first one is twice as wide and as high, if there are several.
    """
    lines, columns, _ = _places(count, large_first)
    return max(_WIDTH * columns, 5.6), _HEIGHT * lines


def add_panels(
    figure: Figure, names: Sequence[str], *, large_first: bool, top: float
) -> list[Axes]:
    """Return axes that share both scales, titled and labelled.

    Args:
        figure: Where to; as large as `panel_size` says, plus ``top`` above and 0.55 inches below.
        names: Title of each panel.
        large_first: As in `panel_size`.
        top: Inches left free above.
    """
    lines, columns, places = _places(len(names), large_first)
    width, height = figure.get_size_inches()
    grid = figure.add_gridspec(
        lines,
        columns,
        left=0.68 / width,
        right=1 - 0.2 / width,
        top=1 - top / height,
        bottom=0.55 / height,
        wspace=0.08,
        hspace=0.24,
    )
    panels: list[Axes] = []
    # A panel has its axis labelled where no other lies below it.
    floor = {(y.stop - 1, c) for y, x in places for c in range(x.start, x.stop)}
    for name, (y, x) in zip(names, places, strict=True):
        first = panels[0] if panels else None
        axes = figure.add_subplot(grid[y, x], sharex=first, sharey=first)
        lowest = not any(line >= y.stop and column == x.start for line, column in floor)
        axes.tick_params(labelbottom=lowest, labelleft=x.start == 0)
        if lowest:
            axes.set_xlabel("queries on the target", fontsize=9)
        if x.start == 0:
            axes.set_ylabel("rank of the best so far", fontsize=9)
        # At a fixed height, because finding one measures every tick label of the figure again.
        weight = "bold" if name == ALL_TARGETS else "normal"
        axes.set_title(name, fontsize=9.5, loc="left", y=1.0, weight=weight)
        panels.append(axes)
    return panels


def _places(count: int, large_first: bool) -> tuple[int, int, list[_Place]]:
    """Return the number of lines and columns, and where each panel lies."""
    if not large_first or count == 1:
        columns = min(count, _COLUMNS)
        cells = [(n // columns, n % columns) for n in range(count)]
        return cells[-1][0] + 1, columns, [_one(*cell) for cell in cells]
    columns = _COLUMNS if count > 3 else 3
    taken = [(0, 0), (0, 1), (1, 0), (1, 1)]
    free = [(y, x) for y in range(count + 2) for x in range(columns) if (y, x) not in taken]
    cells = free[: count - 1]
    lines = max(2, cells[-1][0] + 1)
    return lines, columns, [(slice(0, 2), slice(0, 2)), *(_one(*cell) for cell in cells)]


def _one(line: int, column: int) -> _Place:
    return slice(line, line + 1), slice(column, column + 1)
