"""What the searches of `search.py` came to: tables as Markdown, and the figure of influence.

Usage: ``python tell.py [--out FOLDER]``. Reads ``*-rows.csv`` and ``*-influence.csv`` beside it,
writes ``tables.md`` and ``influence.png``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from area import Scale, areas
from search import METHODS, TASKS

from rlnas.benchmarks import load_suite
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
    sizes = rows.groupby(["method", "task"]).size().unstack(fill_value=0).min(axis=1)
    rows = rows[rows["method"].map(sizes) >= FEWEST]
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


AREAS = (
    ("proxybo", "real"),
    ("proxybo, jacov alone", "real, jacov alone"),
    ("proxybo, spoiled", "spoiled"),
    ("proxybo, spoiled, negated too", "spoiled, negatives allowed"),
    ("proxybo, τ₀ = 0.2", "real"),
    ("proxybo, τ₀ = 0.2, spoiled", "spoiled"),
    ("proxybo, fixed", "real"),
    ("proxybo, spoiled, fixed", "spoiled"),
    ("proxybo, gp", "real"),
    ("proxybo, gp, spoiled", "spoiled"),
    ("proxybo, gp, spoiled, negated too", "spoiled, negatives allowed"),
    ("proxybo, gp, τ₀ = 0.2", "real"),
    ("proxybo, gp, τ₀ = 0.2, spoiled", "spoiled"),
    ("bo-forest", "none"),
    ("bo-gp", "none"),
)
"""Methods whose areas are compared, and what proxies they have."""
WHOLE = {
    "proxybo, jacov alone": "proxybo",
    "proxybo, spoiled": "proxybo",
    "proxybo, spoiled, negated too": "proxybo",
    "proxybo, spoiled, fixed": "proxybo, fixed",
    "proxybo, τ₀ = 0.2, spoiled": "proxybo, τ₀ = 0.2",
    "proxybo, gp, τ₀ = 0.2, spoiled": "proxybo, gp, τ₀ = 0.2",
    "proxybo, gp, spoiled": "proxybo, gp",
    "proxybo, gp, spoiled, negated too": "proxybo, gp",
    "bo-forest": "proxybo",
    "bo-gp": "proxybo, gp",
}
"""What a method's loss is measured against."""


def area_table(rows: pd.DataFrame) -> str:
    """Return what spoiled proxies cost: areas to 200 on three scales, on seeds that all have."""
    sizes = rows.groupby(["method", "task"]).size().unstack(fill_value=0).min(axis=1)
    methods = [m for m, _ in AREAS if sizes.get(m, 0) >= FEWEST]
    own = rows[rows["method"].isin(methods)]
    counts = own.groupby(["task", "seed"])["method"].nunique()
    common = counts[counts == len(methods)].index
    scales = {
        task: Scale.of(suite[task], QUERIES)
        for suite in map(load_suite, TASKS)
        for task in TASKS[suite.name]
    }
    found: dict[str, dict[str, np.ndarray]] = {}
    for method in methods:
        parts = own[own["method"] == method].set_index(["task", "seed"]).loc[common]
        each = []
        for task, part in parts.groupby(level="task"):
            scores, ranks = curves(part)
            # Until the first that succeeded, it has the rank of the last.
            each.append(areas(scores, np.where(np.isnan(ranks), 1e4, ranks), scales[task]))
        found[method] = {k: np.concatenate([one[k] for one in each]) for k in each[0]}
    lines = [
        f"{len(common)} searches of each, on seven tasks.",
        "",
        "| method | proxies | −log₁₀ rank | area of scores | loss in % | decades ahead of random "
        "| loss in % |",
        "|---|---|---|---|---|---|---|",
    ]
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(common), size=(RESAMPLES, len(common)))
    for method, proxies in AREAS:
        if method not in found:
            continue
        cells = [method, proxies, f"{found[method]['rank'].mean():.3f}"]
        for scale in ("score", "ahead"):
            mine = found[method][scale]
            cells.append(f"{mine.mean():.3f}")
            whole = found.get(WHOLE.get(method, ""), {}).get(scale)
            if whole is None:
                cells.append("")
                continue
            lost = 100 * (1 - mine[drawn].mean(axis=1) / whole[drawn].mean(axis=1))
            low, high = np.quantile(lost, [0.025, 0.975])
            loss = 100 * (1 - mine.mean() / whole.mean())
            cells.append(f"{loss:.1f} [{low:.1f}, {high:.1f}]")
        lines.append("| " + " | ".join(cells) + " |")
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
    spoiled = ["### Spoiled proxies: area under the curve to 200", "", area_table(rows)]
    times = ["### Processor milliseconds a query, mean over a search of 200", "", *told]
    (out / "tables.md").write_text(
        "\n\n".join(parts) + "\n\n" + "\n".join([*spoiled, "", *times, ""])
    )
    draw(traces, out / "influence.png")


if __name__ == "__main__":
    main()
