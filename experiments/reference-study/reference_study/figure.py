"""The figure of a transfer study by steps: learning curves a target, and pair by pair below."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reference_study.claims import task_similarity
from reference_study.config import SCRATCH, StudyConfig
from reference_study.pairs import pair_table, study_pairs
from reference_study.step_curves import StepCurve
from rlnas.reporting.figures.drawing import new_figure, save_figure
from rlnas.statistics.bootstrap import BOOTSTRAP

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rlnas.tasks import Suite, TabularTask

# Okabe & Ito's palette: distinct for all common kinds of colour blindness. A source has the same
# colour and dashes in every panel.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_DASHES = ("--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
_VALUE = "best"
_COLUMNS = 4


def draw_study(
    curves: pd.DataFrame, config: StudyConfig, suite: Suite[TabularTask], *, title: str = ""
) -> Figure:
    """Draw a study.

    Above, a panel for each target: the rank of the best architecture of an episode (geometric mean
    over episodes, interquartile mean over seeds, 95 % bootstrap band) against steps on the target,
    from scratch and from each source; a vertical line ends fine-tuning. Below, sources × targets:
    Kendall's τ of the tasks, final performance against scratch's, and the speed-up.

    Args:
        curves: What `StudyRun.write_tables` wrote.
        config: The study.
        suite: Its suite.
        title: First line above the figure; the suite's name by default.

    Returns:
        A figure of its own, bound to no global state.
    """
    tasks = config.tasks
    columns = min(len(tasks), _COLUMNS)
    lines = -(-len(tasks) // columns)
    width, panel = max(3.05 * columns, 11.0), 2.75
    matrix = 0.62 * len(tasks) + 1.5
    height = lines * panel + matrix + 1.7
    figure = new_figure(width, height)
    grid = figure.add_gridspec(
        lines,
        columns,
        left=0.7 / width,
        right=1 - 0.2 / width,
        top=1 - 1.15 / height,
        bottom=(matrix + 0.95) / height,
        wspace=0.1,
        hspace=0.35,
    )
    first: Any = None
    for number, target in enumerate(tasks):
        axes = figure.add_subplot(grid[number // columns, number % columns], sharey=first)
        first = first or axes
        _draw_target(axes, curves[curves["target"] == target], target, config)
        if number % columns == 0:
            axes.set_ylabel("rank of the best of an episode", fontsize=9)
        else:
            axes.tick_params(labelleft=False)
        if number + columns >= len(tasks):
            axes.set_xlabel("steps on the target (thousands)", fontsize=9)
    first.invert_yaxis()
    _draw_legend(figure, tasks, 1 - 0.62 / height, 0.62 / width)
    table = pair_table(study_pairs(curves, config, _VALUE))
    _draw_matrices(figure, table, task_similarity(suite, tasks), matrix)
    head = title or f"{config.suite}: learning on a target after pretraining on a source"
    figure.text(0.7 / width, 1 - 0.24 / height, head, fontsize=12, weight="bold", va="center")
    figure.text(
        0.7 / width,
        1 - 0.47 / height,
        f"interquartile mean over {config.seeds} seeds, 95 % bootstrap band; {config.steps:,} "
        "steps on the source; grey line: end of fine-tuning",
        fontsize=8.5,
        color="0.3",
        va="center",
    )
    return figure


def write_study_figure(
    curves: pd.DataFrame, config: StudyConfig, suite: Suite[TabularTask], folder: str | Path
) -> list[Path]:
    """Write ``study.png`` and ``study.svg`` and return their paths."""
    return save_figure(draw_study(curves, config, suite), Path(folder) / "study")


def _style(task: str, tasks: tuple[str, ...]) -> dict[str, Any]:
    if task == SCRATCH:
        return {"color": "0.25", "linestyle": "-", "linewidth": 2.0}
    place = tasks.index(task)
    colour, dash = _COLOURS[place % len(_COLOURS)], _DASHES[place % len(_DASHES)]
    return {"color": colour, "linestyle": dash, "linewidth": 1.6}


def _draw_target(axes: Axes, curves: pd.DataFrame, target: str, config: StudyConfig) -> None:
    end = config.rounded(config.steps)
    for (method, source), part in curves.groupby(["method", "source"], sort=False):
        name = SCRATCH if method == SCRATCH else str(source)
        curve = StepCurve.of(part, _VALUE, name).until(end)
        seeds = curve.values.shape[1]
        band = [BOOTSTRAP.expanded_interval(at[0], at[1:], seeds) for at in curve.course]
        low, high = (np.array([getattr(each, end) for each in band]) for end in ("low", "high"))
        style = _style(name, config.tasks)
        thousands = curve.steps / 1000
        axes.plot(thousands, 10 ** -curve.course[:, 0], **style)
        axes.fill_between(
            thousands, 10**-low, 10**-high, color=style["color"], alpha=0.16, linewidth=0
        )
    axes.axvline(config.rounded(config.fine_tuning) / 1000, color="0.7", linewidth=1, zorder=0)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlim(0, end / 1000)
    axes.set_title(target, fontsize=10, loc="left", weight="bold")
    axes.grid(True, which="major", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_legend(figure: Figure, tasks: tuple[str, ...], top: float, left: float) -> None:
    from matplotlib.lines import Line2D

    names = (SCRATCH, *tasks)
    figure.legend(
        [Line2D([], [], **_style(name, tasks)) for name in names],
        [SCRATCH, *(f"from {task}" for task in tasks)],
        loc="upper left",
        bbox_to_anchor=(left, top),
        ncols=min(len(names), 6),
        frameon=False,
        fontsize=9,
        handlelength=2.6,
    )


def _draw_matrices(
    figure: Figure, table: pd.DataFrame, similarity: pd.DataFrame, matrix: float
) -> None:
    """Draw three matrices side by side in the lowest ``matrix`` inches."""
    width, height = figure.get_size_inches()
    tasks = list(similarity.index)
    gain, speed = (_square(table, name, tasks) for name in ("retrained", "speedup"))
    tau = similarity.to_numpy(np.float64).copy()
    np.fill_diagonal(tau, np.nan)
    # Steps may be saved or lost by a factor: colour is its logarithm, and never is the darkest.
    shade = np.log2(np.clip(speed, 1 / 8, 8))
    plans = (
        ("Kendall's τ of the tasks", tau, tau, 1.0, "{:.2f}"),
        ("re-trained − scratch, −log₁₀ rank", gain, gain, 0.5, "{:+.2f}"),
        ("speed-up to scratch's final rank", speed, shade, 3.0, "{:.1f}×"),
    )
    label = 0.35 + 0.068 * max(map(len, tasks))
    each = (width - label - 0.3) / len(plans)
    for number, (title, shown, colour, limit, form) in enumerate(plans):
        place = (
            (label + number * each) / width,
            1.0 / height,
            (each - 0.3) / width,
            (matrix - 1.15) / height,
        )
        axes: Axes = figure.add_axes(place)
        axes.imshow(colour, cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
        for (row, column), value in np.ndenumerate(shown):
            if not np.isnan(value):
                dark = abs(np.clip(colour[row, column], -limit, limit)) > 0.6 * limit
                text = (
                    "never"
                    if form.endswith("×") and value == 0
                    else form.format(value).replace("-", "−")
                )
                axes.text(
                    column,
                    row,
                    text,
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="white" if dark else "black",
                )
        axes.set_title(title, fontsize=9.5, loc="left")
        axes.set_xticks(range(len(tasks)), tasks, rotation=25, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(tasks)), tasks if number == 0 else [""] * len(tasks))
        axes.tick_params(labelsize=8.5, length=0)
        if number == 0:
            axes.set_ylabel("source", fontsize=9)
        axes.set_xlabel("target", fontsize=9)
        for spine in axes.spines.values():
            spine.set_visible(False)


def _square(table: pd.DataFrame, name: str, tasks: list[str]) -> NDArray[np.float64]:
    wide = table.pivot(index="source", columns="target", values=name).reindex(tasks, columns=tasks)
    return np.asarray(wide.to_numpy(np.float64))
