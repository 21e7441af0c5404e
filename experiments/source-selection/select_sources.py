"""How well each similarity estimator chooses the source, against the gains a matrix measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from rlnas.agents import PPOController
from rlnas.reporting import describe
from rlnas.reporting.figures.drawing import new_figure, save_figure
from rlnas.reporting.matrix.selection import selection_summary
from rlnas.runs.tables import rank_of
from rlnas.seeding import derive_seed
from rlnas.transfer import MatrixRun, Source
from rlnas.transfer.methods.selected_source import SelectedSource
from rlnas.transfer.similarity import (
    SourceSelector,
    estimate_similarities,
    estimator_names,
    load_proxies,
    make_estimator,
)

ACTING = ("posterior-head", "ensemble")  # estimators that also choose for whole searches
QUERIES = (10, 20, 50)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to compare."""

    run: Path
    """A folder that `rlnas matrix` wrote, with scratch and zero-shot."""

    probes: int = 10
    """Target queries of each estimate."""

    seeds: int = 10
    """Estimates of each target."""

    out: Path = Path("experiments/source-selection")
    """Where rows, tables and figures go."""


def main(options: Options) -> None:
    """Estimate, compare, print."""
    torch.set_num_threads(1)
    run = MatrixRun.open(options.run)
    suite, name = run.suite, run.config.suite
    sources = {
        task: Source(task, PPOController.load(options.run / "sources" / task), suite[task])
        for task in run.config.tasks
    }
    targets = {task: suite[task] for task in run.config.tasks}
    estimates = estimate_similarities(
        sources,
        targets,
        estimator_names(),
        options.probes,
        options.seeds,
        proxies=load_proxies(name),
    )
    summary = selection_summary(estimates, run.rows())
    probed = estimates.drop_duplicates(["estimator", "target", "seed"])
    summary["best_probe_rank"] = summary["estimator"].map(
        probed.groupby("estimator")["best_rank"].mean()
    )
    estimates.to_parquet(options.out / f"{name}-estimates.parquet", index=False)
    summary.to_parquet(options.out / f"{name}-summary.parquet", index=False)
    console = Console(width=150)
    console.print(_table(summary, name), highlight=False)
    save_figure(_figure(summary, name), options.out / f"{name}-choice")
    searched = _searches(sources, options)
    searched.to_parquet(options.out / f"{name}-searches.parquet", index=False)
    console.print(_searched(searched), highlight=False)


def _searches(sources: dict[str, Source], options: Options) -> pd.DataFrame:
    """Search every target by the selected source's policy; probes count within the 50."""
    rows = []
    for estimator in ACTING:
        for target, held_out in sources.items():
            others = [source for name, source in sources.items() if name != target]
            task = held_out.task
            method = SelectedSource(others, SourceSelector(make_estimator(estimator)))
            seeds = [derive_seed(seed, estimator, target) for seed in range(options.seeds)]
            results = method.search_many([task] * len(seeds), 50, seeds)
            for seed, result in enumerate(results):
                best = result.best_so_far
                for queries in QUERIES:
                    rank = rank_of(task, float(best[min(queries, len(best)) - 1]))
                    rows.append((estimator, target, seed, queries, rank))
    return pd.DataFrame(rows, columns=["estimator", "target", "seed", "queries", "rank"])


def _table(summary: pd.DataFrame, suite: str) -> Table:
    table = Table(title=f"{suite}: choosing the source", box=box.SIMPLE_HEAD, title_justify="left")
    table.add_column("estimator")
    table.add_column("queries", justify="right")
    for column in ("Spearman", "within targets", "mean rank", "regret", "in top 2", "best probe"):
        table.add_column(column, justify="right")
    for row in summary.to_dict("records"):
        best = row["best_probe_rank"]
        table.add_row(
            row["estimator"],
            f"{row['queries']:.0f}",
            _with_interval(row, "spearman", 2),
            _with_interval(row, "spearman_within", 2),
            _with_interval(row, "mean_rank", 1),
            _with_interval(row, "regret", 1),
            _with_interval(row, "top2", 2),
            "" if pd.isna(best) else f"{best:.1f}",
        )
    return table


def _searched(searched: pd.DataFrame) -> Table:
    table = Table(
        title="Searching by the selected source, probes counted: mean rank of the best",
        box=box.SIMPLE_HEAD,
        title_justify="left",
    )
    table.add_column("estimator")
    for queries in QUERIES:
        table.add_column(f"@{queries}", justify="right")
    for estimator, part in searched.groupby("estimator", sort=False):
        cells = []
        for queries in QUERIES:
            at = part[part["queries"] == queries].groupby("seed")["rank"].mean()
            found = describe(at)
            cells.append(f"{found['mean']:.1f} [{found['mean_low']:.1f}, {found['mean_high']:.1f}]")
        table.add_row(str(estimator), *cells)
    return table


def _with_interval(row: dict[str, float], name: str, digits: int) -> str:
    value, low, high = (row[key] for key in (name, f"{name}_low", f"{name}_high"))
    if pd.isna(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text if pd.isna(low) else f"{text} [{low:.{digits}f}, {high:.{digits}f}]"


def _figure(summary: pd.DataFrame, suite: str):
    rows = summary.sort_values("regret", ascending=False)
    figure = new_figure(8.2, 0.9 + 0.32 * len(rows))
    panels = (("regret", "regret in mean rank"), ("top2", "share in the top 2"))
    for number, (name, label) in enumerate(panels):
        axes = figure.add_axes((0.2 + 0.42 * number, 0.17, 0.36, 0.72))
        for place, row in enumerate(rows.to_dict("records")):
            colour = "#0072B2" if row["kind"] == "estimate" else "0.55"
            if not pd.isna(row[f"{name}_low"]):
                ends = [row[f"{name}_low"], row[f"{name}_high"]]
                axes.plot(ends, [place, place], color=colour, linewidth=2)
            axes.plot([row[name]], [place], "o", color=colour, markersize=5)
        axes.set_yticks(range(len(rows)), list(rows["estimator"]) if number == 0 else [])
        axes.set_xlabel(label, fontsize=9)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(labelsize=9)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    figure.text(0.02, 0.95, f"{suite}: the source chosen by 10 probes", weight="bold", fontsize=11)
    return figure


if __name__ == "__main__":
    main(tyro.cli(Options))
