"""Figures of a search that trained its architectures: its progress, and how they learned."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rlnas.reporting.figures.drawing import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rlnas.runs.dataset_search import TrainingSearchRun

_BEST, _OTHERS, _FAILED = "#0072B2", "0.72", "#b0302a"  # the first of Okabe & Ito's palette


def training_figures(run: TrainingSearchRun) -> dict[str, Callable[[], Figure]]:
    """Return what draws each figure that a search has the numbers for, by its name.

    Args:
        run: A finished search. ``learning`` needs records of its trainings.
    """
    found: dict[str, Callable[[], Figure]] = {"progress": partial(draw_progress, run)}
    if any(record.history for record in run.records.values()):
        found["learning"] = partial(draw_learning, run)
    return found


def draw_progress(run: TrainingSearchRun) -> Figure:
    """Draw every query's validation metric, the best so far, and where queries failed."""
    figure, axes = _axes("query", _label(run))
    result, raw = run.result, run.result.metric.raw
    queries = np.array([record.query for record in result.records])
    values = raw(result.scores)
    axes.plot(queries, values, "o", color="0.45", markersize=5, label="trained", zorder=3)
    axes.step(
        queries,
        raw(result.best_so_far),
        where="post",
        color=_BEST,
        linewidth=1.8,
        label="best so far",
        zorder=2,
    )
    if np.isfinite(values).any():
        middle = float(np.nanmedian(values))
        axes.axhline(middle, color="0.3", linewidth=1, linestyle=":", label="median", zorder=1)
    failed = queries[np.isnan(values)]
    if len(failed):
        axes.plot(
            failed,
            np.full(len(failed), 0.03),
            "x",
            color=_FAILED,
            markersize=7,
            markeredgewidth=1.8,
            label="failed",
            transform=axes.get_xaxis_transform(),
            zorder=4,
        )
    _integers(axes)
    axes.set_xlim(0.4, len(queries) + 0.6)
    axes.legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def draw_learning(run: TrainingSearchRun) -> Figure:
    """Draw the validation metric of every architecture by epoch, the best in colour."""
    figure, axes = _axes("epoch", _label(run))
    best = run.best.get("architecture")
    ordered = sorted(run.records.values(), key=lambda record: record.architecture == best)
    labelled = False
    marker = "o" if max((len(r.history) for r in ordered), default=0) == 1 else ""
    for record in ordered:
        epochs = [row["epoch"] for row in record.history]
        values = [_number(row.get("valid_metric")) for row in record.history]
        if not epochs:
            continue
        if record.architecture == best:
            axes.plot(
                epochs, values, color=_BEST, linewidth=2, marker=marker, label="the best", zorder=3
            )
            train = [_number(row.get("train_metric")) for row in record.history]
            if np.isfinite(train).any():
                axes.plot(
                    epochs,
                    train,
                    color=_BEST,
                    linewidth=1.4,
                    linestyle="--",
                    marker=marker,
                    label="the best, in training",
                    zorder=2,
                )
        else:
            label = None if labelled else "the others"
            labelled = True
            axes.plot(
                epochs, values, color=_OTHERS, linewidth=1, marker=marker, label=label, zorder=1
            )
    final = run.best.get("final_history") or []
    if final:
        axes.plot(
            [row["epoch"] for row in final],
            [_number(row.get("valid_metric")) for row in final],
            color="#D55E00",
            linewidth=2,
            linestyle="-.",
            label="the best, trained longer",
            zorder=4,
        )
    _integers(axes)
    axes.legend(frameon=False, fontsize=8.5, loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


def _axes(across: str, up: str) -> tuple[Figure, Axes]:
    figure = new_figure(7.6, 3.2)
    axes = figure.add_axes((0.09, 0.16, 0.6, 0.78))
    axes.set_xlabel(across, fontsize=9)
    axes.set_ylabel(up, fontsize=9)
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _integers(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _label(run: TrainingSearchRun) -> str:
    metric = run.result.metric
    better = "" if metric.sign > 0 else "; lower is better"
    return f"{metric.name}{f' ({metric.unit})' if metric.unit != '1' else ''}{better}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
