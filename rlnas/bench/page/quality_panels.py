"""The panels of time to quality and of the learning curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.bench.page.figure_style import BLUE, GREEN, ORANGE, PURPLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CONTENDERS = {
    "sb3-default": ("SB3 defaults", PURPLE, ":"),
    "sb3-tuned": ("SB3, our settings", ORANGE, "-."),
    "sb3": ("SB3 engine, batched", GREEN, "--"),
    "device": ("device engine", BLUE, "-"),
}
_ENGINES = {"device": ("device engine", BLUE, "-"), "sb3": ("SB3 engine", GREEN, "--")}


def draw_quality(axes: Axes, part: Mapping[str, Any]) -> None:
    """Draw the mean rank of every training against its seconds, and where it was good.

    Args:
        axes: Where.
        part: What `rlnas.bench.measures.quality.measure_quality` returned.
    """
    for row in part["rows"]:
        label, colour, dash = _CONTENDERS.get(row["key"], (row["name"], "0.4", "-"))
        for number, run in enumerate(row["runs"]):
            points = run["trajectory"]
            seconds, ranks = ([point[key] for point in points] for key in ("seconds", "rank"))
            axes.plot(
                seconds,
                ranks,
                dash,
                color=colour,
                linewidth=1.2,
                alpha=0.8,
                label=label if number == 0 else None,
            )
            if run["reached"]:
                axes.plot(run["seconds"], points[-2]["rank"], "o", color=colour, markersize=4.5)
            else:
                axes.plot(seconds[-1], ranks[-1], "x", color=colour, markersize=6)
    axes.axhline(part["rank"], color="0.3", linewidth=1)
    axes.annotate(
        f"rank {part['rank']:g}",
        (0, part["rank"]),
        xycoords=("axes fraction", "data"),
        xytext=(3, 2),
        textcoords="offset points",
        ha="left",
        fontsize=8,
        color="0.3",
    )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("seconds of training (● good, × given up)", fontsize=9)
    axes.set_ylabel("mean rank", fontsize=9)
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.set_ylim(top=axes.get_ylim()[1] * 4)
    axes.legend(fontsize=7.5, frameon=False, ncols=2, loc="upper left")


def draw_curves(axes: Axes, part: Mapping[str, Any]) -> None:
    """Draw the return of both engines against steps, with bootstrap bands.

    Args:
        axes: Where.
        part: What `rlnas.bench.measures.curves.measure_curves` returned.
    """
    for engine, curve in part["measures"]["return"]["engines"].items():
        label, colour, dash = _ENGINES[engine]
        axes.plot(part["steps"], curve["iqm"], f"o{dash}", color=colour, label=label, markersize=4)
        # JSON has no NaN: an interval that could not be given is None there.
        low, high = (np.array(curve[end], dtype=np.float64) for end in ("low", "high"))
        axes.fill_between(part["steps"], low, high, color=colour, alpha=0.18, linewidth=0)
    axes.set_xlabel("environment steps", fontsize=9)
    axes.set_ylabel("return (interquartile mean, 95 %)", fontsize=9)
    axes.set_xticks(part["steps"], [f"{steps:,}" for steps in part["steps"]])
    axes.grid(True, color="0.88", linewidth=0.8)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
