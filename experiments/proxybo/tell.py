"""What the searches of `search.py` came to: tables as Markdown, and the figure of influence.

Usage: ``python tell.py [--out FOLDER]``. Reads ``*-rows.csv`` and ``*-influence.csv`` beside it,
writes ``tables.md`` and ``influence.png``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from search import METHODS, TASKS

from rlnas.statistics.censored import first_times, median_times, restricted_mean_times

QUERIES = 200
POINTS = (10, 20, 50, 100, 200)
BAR = "regularised-evolution"
RESAMPLES = 2000
FEWEST = 4
"""Searches from which on a method is in a table."""


def curves(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return best scores and their ranks ``(searches, QUERIES)``."""
    scores = np.full((len(rows), QUERIES), np.nan)
    ranks = np.full((len(rows), QUERIES), np.nan)
    for number, text in enumerate(rows["improvements"]):
        for part in text.split():
            query, score, rank = part.split(":")
            scores[number, int(query) - 1 :] = float(score)
            ranks[number, int(query) - 1 :] = float(rank)
    return scores, ranks


def speed_up(times: np.ndarray, bar: np.ndarray, rng: np.random.Generator) -> str:
    """Return the ratio of restricted mean times with a bootstrap interval over seeds."""
    ratio = bar.mean() / times.mean()
    drawn = rng.integers(len(times), size=(RESAMPLES, len(times)))
    other = rng.integers(len(bar), size=(RESAMPLES, len(bar)))
    low, high = np.quantile(bar[other].mean(axis=1) / times[drawn].mean(axis=1), [0.025, 0.975])
    return f"{ratio:.2f} [{low:.2f}, {high:.2f}]"


def table_of(rows: pd.DataFrame, task: str) -> str:
    """Return the table of a task."""
    points, rng = np.arange(1.0, QUERIES + 1), np.random.default_rng(0)
    own = {m: curves(part) for m, part in rows[rows["task"] == task].groupby("method", sort=False)}
    target = np.array([np.nanmean(own[BAR][0][:, -1])])
    bar = np.minimum(first_times(own[BAR][0], points, target)[0], QUERIES)
    lines = [
        f"### {task}",
        "",
        f"Evolution's mean score at {QUERIES}: {target[0]:.4g}.",
        "",
        "| method | seeds | mean rank @" + " / ".join(map(str, POINTS)) + " | reached | median "
        "| restricted mean | speed-up of it | mean curve at | area |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for method, (scores, ranks) in own.items():
        if len(scores) < FEWEST:
            continue
        times = first_times(scores, points, target)[0]
        mean = np.nanmean(scores, axis=0)
        at = first_times(mean[None], points, target)[0, 0]
        told = " / ".join(f"{np.nanmean(ranks[:, q - 1]):.3g}" for q in POINTS)
        median = median_times(times)
        area = float(-np.log10(np.where(np.isnan(ranks), 1e4, ranks)).mean())
        restricted = restricted_mean_times(times, QUERIES)
        crossed = "never" if np.isinf(at) else f"{at:.0f} ({QUERIES / at:.1f}×)"
        lines.append(
            f"| {method} | {len(times)} | {told} | {np.isfinite(times).sum()} "
            f"| {f'> {QUERIES}' if np.isinf(median) else f'{median:.0f}'} | {restricted:.0f} "
            f"| {speed_up(np.minimum(times, QUERIES), bar, rng)} | {crossed} | {area:.3f} |"
        )
    return "\n".join(lines)


def summary(rows: pd.DataFrame) -> str:
    """Return what each method saves, over tasks."""
    points = np.arange(1.0, QUERIES + 1)
    found: dict[str, list[tuple[float, float]]] = {}
    for task in rows["task"].unique():
        own = {m: curves(p)[0] for m, p in rows[rows["task"] == task].groupby("method", sort=False)}
        target = np.array([np.nanmean(own[BAR][:, -1])])
        bar = restricted_mean_times(first_times(own[BAR], points, target), QUERIES)[0]
        for method, scores in own.items():
            times = restricted_mean_times(first_times(scores, points, target), QUERIES)[0]
            at = first_times(np.nanmean(scores, axis=0)[None], points, target)[0, 0]
            found.setdefault(method, []).append((bar / times, QUERIES / at))
    lines = [
        "| method | seeds | ratio of restricted means, median task / best "
        "| mean curve, median / best |",
        "|---|---|---|---|",
    ]
    for method, both in found.items():
        ratio, curve = np.array(both).T
        seeds = rows[rows["method"] == method].groupby("task").size().min()
        told = [" / ".join(_ratio(v) for v in (np.median(r), r.max())) for r in (ratio, curve)]
        lines.append(f"| {method} | {seeds} | " + " | ".join(told) + " |")
    return "\n".join(lines)


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value else "never"


def area_table(rows: pd.DataFrame) -> str:
    """Return what spoiled proxies cost, on the seeds that all variants have."""
    kept = ("proxybo", "proxybo, spoiled", "proxybo, fixed", "proxybo, spoiled, fixed")
    lines = ["| task | seeds | " + " | ".join(kept) + " |", "|---|---|" + "---|" * len(kept)]
    for task in rows["task"].unique():
        parts = {m: rows[(rows["task"] == task) & (rows["method"] == m)] for m in kept}
        seeds = set.intersection(*(set(part["seed"]) for part in parts.values()))
        if not seeds:
            continue
        areas = []
        for part in parts.values():
            ranks = curves(part[part["seed"].isin(seeds)])[1]
            areas.append(float(-np.log10(np.where(np.isnan(ranks), 1e4, ranks)).mean()))
        lines.append(f"| {task} | {len(seeds)} | " + " | ".join(f"{a:.3f}" for a in areas) + " |")
    return "\n".join(lines)


def draw(traces: pd.DataFrame, path: Path) -> None:
    """Draw the mean influence of each predictor against queries, a panel a task."""
    from matplotlib.figure import Figure

    traces = traces[traces["method"] == "proxybo"]
    tasks = [task for own in TASKS.values() for task in own]
    figure = Figure(figsize=(2.0 * len(tasks) + 1, 2.8), layout="constrained")
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    colours = {"surrogate": "black", "snip": "#0072b2", "jacov": "#d55e00", "synflow": "#009e73"}
    for axes, task in zip(panels, tasks, strict=True):
        part = traces[traces["task"] == task]
        for predictor, colour in colours.items():
            mean = part[part["predictor"] == predictor].groupby("query")["influence"].mean()
            axes.plot(mean.index, mean, color=colour, label=predictor, linewidth=1.6)
        axes.set_title(task, fontsize=9)
        axes.set_xlabel("queries", fontsize=8)
        axes.set_ylim(-0.02, 1.02)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("influence, mean over searches", fontsize=8)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Write the tables and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    out = parser.parse_args().out
    suites = ("nasbench-201", "transnas-micro")
    rows = pd.concat([pd.read_csv(out / f"{suite}-rows.csv") for suite in suites])
    traces = pd.concat([pd.read_csv(out / f"{suite}-influence.csv") for suite in suites])
    rows = rows.drop_duplicates(["task", "method", "seed"])
    rows["place"] = rows["method"].map({method: place for place, method in enumerate(METHODS)})
    rows = rows.sort_values(["place", "seed"])
    tasks = [task for own in TASKS.values() for task in own]
    whole = [
        "### Over the seven tasks: 200 queries of evolution against a method's",
        "",
        summary(rows),
    ]
    parts = ["\n".join(whole)] + [table_of(rows, task) for task in tasks]
    seconds = rows.groupby("method", sort=False)["seconds"].mean() / QUERIES * 1000
    told = [f"- {method}: {value:.1f}" for method, value in seconds.items()]
    spoiled = [
        "### Spoiled proxies: area under the curve, −log₁₀(rank), to 200",
        "",
        area_table(rows),
    ]
    times = ["### Processor milliseconds a query, mean over a search of 200", "", *told]
    (out / "tables.md").write_text(
        "\n\n".join(parts) + "\n\n" + "\n".join([*spoiled, "", *times, ""])
    )
    draw(traces, out / "influence.png")


if __name__ == "__main__":
    main()
