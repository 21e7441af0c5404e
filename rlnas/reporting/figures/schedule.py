"""A schedule of regularisation as a heatmap of parts against time, with the loss terms below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rlnas.reporting.figures.drawing import new_figure
from rlnas.training.regularisation.schedule import FREEZE, PREDICTION, Key, Schedule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255")
_STEPS = 240
_PREFIX = "train_term_"


def draw_schedule(
    schedule: Schedule, parts: Sequence[str], history: Sequence[Mapping[str, Any]]
) -> Figure:
    """Draw the strength of each term on each part, and what the terms came to.

    Args:
        schedule: The schedule, for the parts of a network.
        parts: The parts, in the order of the computation.
        history: A row for each epoch, see `TrainingResult.rows`; without any, there are no terms
            below.
    """
    keys = ordered_keys(schedule, parts)
    rows = max(len(keys), 1)
    curves = loss_terms(history)
    width, left, right = 7.6, 1.75, 1.75
    low, gap = (1.75, 0.42) if curves else (0.1, 0.42)
    height = 0.25 + 0.3 * rows + gap + low
    figure = new_figure(width, height)

    def place(bottom: float, tall: float) -> Axes:
        box = (left / width, bottom / height, (width - left - right) / width, tall / height)
        axes: Axes = figure.add_axes(box)
        return axes

    top = place(low + gap, 0.3 * rows)
    _heatmap(figure, top, schedule, keys, labelled=not curves)
    if curves:
        _terms(place(0.42, low - 0.42), curves)
    return figure


def ordered_keys(schedule: Schedule, parts: Sequence[str]) -> list[Key]:
    """Return the terms with their parts, by the place of the part; the task's loss first."""
    order = {part: place for place, part in enumerate(("", *parts))}
    return sorted(schedule.keys, key=lambda key: (order.get(key[1], len(order)), key[0]))


def loss_terms(history: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Return what each term came to by epoch, the task's own loss first; empty without terms."""
    names = dict.fromkeys(name for row in history for name in row if name.startswith(_PREFIX))
    if not names:
        return {}
    found = {"task": [_number(row.get("train_loss")) for row in history]}
    for name in names:
        found[name.removeprefix(_PREFIX)] = [_number(row.get(name, 0.0)) for row in history]
    return found


def _heatmap(
    figure: Figure, axes: Axes, schedule: Schedule, keys: Sequence[Key], *, labelled: bool
) -> None:
    from matplotlib.colors import LogNorm

    table = schedule.table(_STEPS)
    columns = [schedule.keys.index(key) for key in keys]
    shown = table[:, columns].T if keys else np.zeros((1, _STEPS))
    shown = np.where(shown > 0, shown, np.nan)
    some = shown[np.isfinite(shown)]
    most = float(some.max()) if some.size else 1.0
    least = max(float(some.min()) if some.size else 1.0, most / 1000)
    norm = LogNorm(vmin=min(least, most / 10), vmax=most)
    image = axes.imshow(
        shown,
        aspect="auto",
        cmap="viridis_r",
        norm=norm,
        extent=(0, 100, len(shown), 0),
        interpolation="nearest",
    )
    labels = [_label(key) for key in keys] or ["no term"]
    axes.set_yticks([row + 0.5 for row in range(len(labels))], labels, fontsize=8.5)
    for row in range(1, len(labels)):
        axes.axhline(row, color="white", linewidth=1.5)
    axes.set_facecolor("0.95")
    axes.tick_params(length=0, labelsize=8.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xticks([0, 25, 50, 75, 100])
    if labelled:
        axes.set_xlabel("% of the training", fontsize=9)
    box = axes.get_position()
    bar = figure.colorbar(
        image, cax=figure.add_axes((box.x1 + 0.015, box.y0, 0.014, box.height)), format="%g"
    )
    bar.ax.tick_params(labelsize=8, which="both")
    bar.ax.minorticks_off()
    bar.set_label("λ", fontsize=9, rotation=0, labelpad=6)
    bar.outline.set_visible(False)


def _label(key: Key) -> str:
    what, part = key
    if what == PREDICTION:
        return "loss of the task"
    return f"{part} frozen" if what == FREEZE else f"{part} · {what}"


def _terms(axes: Axes, curves: Mapping[str, Sequence[float]]) -> None:
    for number, (name, values) in enumerate(curves.items()):
        times = 100 * (np.arange(len(values)) + 1) / max(len(values), 1)
        known = np.array(values, dtype=np.float64)
        axes.plot(
            times,
            np.where(known > 0, known, np.nan),
            color="0.15" if name == "task" else _COLOURS[(number - 1) % len(_COLOURS)],
            linewidth=1.8 if name == "task" else 1.4,
            label="loss of the task" if name == "task" else f"λ · {name}",
            marker="o" if len(values) == 1 else "",
        )
    axes.set_yscale("log")
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.set_xlabel("% of the training", fontsize=9)
    axes.set_ylabel("in training", fontsize=9)
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.01, 0.5))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
