"""A matrix of correlations between tasks, drawn as coloured and numbered cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = "RdBu"  # blue is alike; distinct for all common kinds of colour blindness
_DARK = 0.65  # from this size on, white text is easier to read


def draw_correlation_matrix(axes: Axes, values: NDArray[Any], names: Sequence[str]) -> None:
    """Draw a square matrix of numbers within [−1, 1].

    Args:
        axes: Where to.
        values: ``(N, N)``; NaN is drawn as a dash, the diagonal as 1.
        names: Name of each row and column.
    """
    count = len(names)
    axes.imshow(np.ma.masked_invalid(values), cmap=_COLOURS, vmin=-1, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.2f}".replace("0.", ".", 1)
        axes.text(
            column,
            row,
            "1" if row == column else text,
            ha="center",
            va="center",
            fontsize=8.5,
            color="white" if abs(value) > _DARK else "black",
        )
    axes.set_xticks(range(count), names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(count), names)
    axes.set_xticks(np.arange(0.5, count - 1), minor=True)
    axes.set_yticks(np.arange(0.5, count - 1), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.2)
    axes.tick_params(which="both", length=0, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)
