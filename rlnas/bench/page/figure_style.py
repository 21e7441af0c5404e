"""Colours, names and axes that all panels of the speed figure share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito's palette: distinct for all common kinds of colour blindness.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"

_SHORT = {
    "tensor": "tensors on the device",
    "batched": "BatchedVecEnv",
    "gymnasium": "gymnasium.make_vec",
    "dummy": "DummyVecEnv",
    "device": "device engine",
    "device-many": "device engine, batch",
    "sb3": "SB3 engine",
    "reference": "SB3 defaults",
}


def short_name(row: Mapping[str, Any]) -> str:
    """Return what a bar is called, with the number of environments below."""
    key = str(row["key"])
    base = key.removesuffix("-8").split("-cuda")[0]
    place = "" if row["device"] == "cpu" else f" ({row['device']})"
    return f"{_SHORT.get(base, row['name'])}{place}\n{row['num_envs']:,} environments"


def label_bars(axes: Axes, ends: Sequence[float], labels: Sequence[str]) -> None:
    """Write a label behind the end of each horizontal bar."""
    for place, (end, label) in enumerate(zip(ends, labels, strict=True)):
        axes.annotate(
            label,
            (end, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )


def plain(axes: Axes) -> None:
    """Take away what carries no information, and draw the grid behind everything."""
    axes.tick_params(labelsize=8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
