"""One figure of everything that was measured, clear on paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.bench.page.figure_style import BLUE, GREEN, ORANGE, PURPLE, label_bars, plain, short_name
from rlnas.bench.page.quality_panels import draw_curves, draw_quality
from rlnas.errors import InvalidArgumentError
from rlnas.formats import format_number
from rlnas.reporting.figures.drawing import new_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Result = Mapping[str, Any]

_LIMITS = {
    "arithmetic": ("by arithmetic", ORANGE),
    "memory": ("by memory", GREEN),
    "calls": ("by calls", PURPLE),
}
_PARTS = {
    "step": "step",
    "observe": "obs.",
    "forward": "net",
    "update": "update",
    "all": "all",
}


def draw_speed(result: Result) -> Figure:
    """Draw a panel for each part of a result that has one.

    Args:
        result: What `rlnas.bench.measure_speed` returned, or its JSON read back.

    Returns:
        A figure of its own, bound to no global state.

    Raises:
        InvalidArgumentError: If there is nothing to draw.
    """
    panels = list(_panels(result))
    if not panels:
        raise InvalidArgumentError(
            "There is nothing to draw: expected at least one of envs, ppo, quality, curves, growth "
            "and roofline. Measure one of them."
        )
    columns = min(2, len(panels))
    lines = math.ceil(len(panels) / columns)
    figure = new_figure(5.2 * columns, 3.0 * lines + 0.5)
    figure.set_layout_engine("constrained", h_pad=0.12, w_pad=0.12)
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for letter, (panel, (title, draw)) in enumerate(zip(axes, panels, strict=False)):
        draw(panel)
        plain(panel)
        panel.set_title(f"({chr(ord('a') + letter)}) {title}", fontsize=9.5, loc="left")
    for empty in axes[len(panels) :]:
        empty.set_visible(False)
    machine = result["machine"]
    figure.suptitle(
        f"{result['task']}; {machine['processor']}, {machine['cores']} cores, "
        f"{machine['torch_threads']} PyTorch thread{'s' if machine['torch_threads'] > 1 else ''}"
        + (f", {machine['cuda']}" if result["settings"]["device"] != "cpu" else "")
        + ("; a quick look" if result["settings"]["quick"] else ""),
        fontsize=9,
        x=0.01,
        ha="left",
        color="0.3",
    )
    return figure


def write_speed_figure(result: Result, path: str | Path) -> list[Path]:
    """Write the figure as PNG and SVG.

    Args:
        result: See `draw_speed`.
        path: Path without suffix.

    Returns:
        The two paths, PNG first; none where there is nothing to draw.
    """
    return save_figure(draw_speed(result), path) if has_figure(result) else []


def has_figure(result: Result) -> bool:
    """Return whether a result has a part that is drawn."""
    return bool(_panels(result))


def _panels(result: Result) -> list[tuple[str, Callable[[Axes], None]]]:
    """Return the title of each panel and what draws it."""
    found: list[tuple[str, Callable[[Axes], None]]] = []
    if "envs" in result:
        rows = result["envs"]["rows"]
        found.append(("Environment steps per second", lambda axes: _draw_rates(axes, rows)))
    if "ppo" in result:
        learners = result["ppo"]["mlp"]["rows"]
        found.append(("PPO steps per second", lambda axes: _draw_rates(axes, learners)))
    if "quality" in result:
        quality = result["quality"]
        title = f"Mean rank with {quality['queries']} queries against training time"
        found.append((title, lambda axes: draw_quality(axes, quality)))
    if "curves" in result:
        curves = result["curves"]
        title = f"Learning curves, {curves['count']} seeds each"
        found.append((title, lambda axes: draw_curves(axes, curves)))
    if "growth" in result:
        growth = result["growth"]
        found += [
            ("Growth with environments", lambda axes: _draw_environments(axes, growth)),
            ("Growth with the network (PPO)", lambda axes: _draw_networks(axes, growth)),
            ("Growth with the search space", lambda axes: _draw_spaces(axes, growth)),
        ]
    if "roofline" in result:
        limits = result["roofline"]["rows"]
        found.append(
            ("Time of one step beside the limits", lambda axes: _draw_roofline(axes, limits))
        )
    return found


def _draw_rates(axes: Axes, rows: list[Result]) -> None:
    rates = [row["steps_per_second"] for row in rows]
    medians = [rate["median"] for rate in rates]
    errors = [
        [rate["median"] - rate["min"] for rate in rates],
        [rate["max"] - rate["median"] for rate in rates],
    ]
    ours = [row["key"].split("-cuda")[0] in {"tensor", "device", "device-many"} for row in rows]
    colours = [BLUE if own else "0.65" for own in ours]
    places = range(len(rows))
    axes.barh(places, medians, 0.62, xerr=errors, color=colours, error_kw={"linewidth": 1})
    axes.set_yticks(places, [short_name(row) for row in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlim(min(medians) / 3, max(medians) * 8)
    label_bars(axes, [rate["max"] for rate in rates], [format_number(m) for m in medians])
    axes.grid(False, axis="y")


def _line(axes: Axes, rows: list[Result], x: str, y: str, style: tuple[str, str, str]) -> None:
    """Draw medians with their spread; style is label, colour, marker."""
    label, colour, marker = style
    places, medians = [row[x] for row in rows], [row[y]["median"] for row in rows]
    axes.plot(places, medians, f"{marker}-", color=colour, label=label, markersize=4)
    low, high = ([row[y][end] for row in rows] for end in ("min", "max"))
    axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)


def _draw_environments(axes: Axes, growth: Result) -> None:
    for key, style in _GROWTH_STYLES.items():
        _line(axes, growth["num_envs"], "num_envs", key, style)
    _finish_growth(axes, "environments")
    places = [row["num_envs"] for row in growth["num_envs"]]
    axes.set_xticks(places, [f"{place:,}" for place in places], minor=False)


def _draw_networks(axes: Axes, growth: Result) -> None:
    styles = {"mlp": ("perceptron", BLUE, "o"), "transformer": ("transformer", ORANGE, "s")}
    for kind, style in styles.items():
        rows = [row for row in growth["network"] if row["kind"] == kind]
        _line(axes, rows, "width", "ppo", style)
    _finish_growth(axes, "width of the network")
    places = sorted({row["width"] for row in growth["network"]})
    axes.set_xticks(places, [str(place) for place in places], minor=False)


def _draw_spaces(axes: Axes, growth: Result) -> None:
    rows = sorted(growth["space"], key=lambda row: row["size"])
    for key, style in _GROWTH_STYLES.items():
        _line(axes, rows, "size", key, style)
    _finish_growth(axes, "architectures in the space")


def _finish_growth(axes: Axes, label: str) -> None:
    from matplotlib.ticker import NullFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(label, fontsize=9)
    axes.set_ylabel("steps/s", fontsize=9)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    # At least two decades, so that a flat line looks flat and there are ticks to read.
    axes.set_ylim(10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high)))
    axes.legend(fontsize=8, frameon=False)


_GROWTH_STYLES = {"env": ("environment alone", GREEN, "^"), "ppo": ("PPO", BLUE, "o")}


def _draw_roofline(axes: Axes, rows: list[Result]) -> None:
    places = range(len(rows))
    axes.bar(places, [row["measured_us"] for row in rows], 0.75, color="0.82", label="measured")
    for shift, (kind, (label, colour)) in zip((-0.25, 0.0, 0.25), _LIMITS.items(), strict=True):
        limits = [row["limit_us"][kind] for row in rows]
        axes.bar([p + shift for p in places], limits, 0.2, color=colour, label=f"least {label}")
    axes.set_yscale("log")
    names = [f"{_PARTS.get(row['part'], row['part'])}\n×{row['controllers']}" for row in rows]
    axes.set_xticks(places, names)
    axes.set_ylabel("µs per environment step", fontsize=9)
    axes.set_ylim(1e-3, axes.get_ylim()[1] * 8)
    axes.legend(fontsize=7.5, frameon=False, ncols=2, loc="upper left")
    axes.grid(False, axis="x")
