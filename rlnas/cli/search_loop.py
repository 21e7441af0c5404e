"""The loop that ``rlnas search`` and ``rlnas transfer`` share: run what is missing, then report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rlnas.reporting import SearchResults
from rlnas.runs.cell import RunCell
from rlnas.runs.search_run import SearchRun

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.cli.screen import Screen
    from rlnas.search import Searcher, SearchResult


def run_searches(
    run: SearchRun,
    make_searcher: Callable[[RunCell], Searcher],
    screen: Screen,
    *,
    tensorboard: bool,
) -> dict[str, Any]:
    """Run the searches that have no result yet, print the tables and write the report.

    Args:
        run: The run folder.
        make_searcher: Returns the searcher of a cell.
        screen: Where to print.
        tensorboard: Whether to write event files.

    Returns:
        What ``--json`` prints of it.
    """
    total, missing = len(run.plan.cells()), run.missing()
    if len(missing) < total:
        screen.note(f"{total - len(missing)} of {total} searches were finished before.")
    with screen.progress() as report:
        report("search", total - len(missing), total)
        for done, cell in enumerate(missing, start=total - len(missing) + 1):
            task = run.suite[cell.target]
            result = make_searcher(cell).search(task, run.plan.queries, seed=cell.seed)
            if tensorboard:
                _log(run, cell, result)
            # Last, because a finished search is a finished file.
            run.save(cell, result)
            report("search", done, total)
    run.write_tables()
    results = SearchResults(run)
    rows = results.rows
    screen.print(results.table())
    screen.print(
        "@N: mean rank of the best after N queries, over seeds, with a 95 % bootstrap interval; "
        f"rank 1 is the best of the {run.suite.space.size} architectures."
    )
    for line in _best_found(rows, run):
        screen.line(line)
    if failures := int(rows["failures"].sum()):
        screen.print(f"{failures} queries failed; they spent their budget without a score.")
    page = results.report()
    screen.line(f"\nResults: {run.folder / 'rows.parquet'}")
    screen.line(f"Report:  {page}")
    if tensorboard:
        screen.line(f"Curves:  tensorboard --logdir {run.folder / 'tensorboard'}")
    return {
        "suite": run.plan.suite,
        "tasks": list(run.plan.tasks),
        "queries": run.plan.queries,
        "seeds": list(run.plan.seeds),
        "searchers": results.summary(),
        "rows": rows.to_dict("records"),
        "out": run.folder,
        "report": page,
    }


def _best_found(rows: pd.DataFrame, run: SearchRun) -> list[str]:
    """Return a line with the best architecture that was found for each task, and by whom."""
    lines = ["", "Best architecture found:"]
    for task in run.plan.tasks:
        found = rows[(rows["target"] == task) & rows["best_score"].notna()]
        if len(found):
            best = found.loc[found["best_score"].idxmax()]
            metric = run.suite[task].metric
            unit = metric.suffix
            value = f"{metric.sign * best['best_score']:.6g}{unit}"
            lines.append(f"  {task}: {best['best_architecture']}")
            lines.append(
                f"    {metric.name} {value}, rank {best['rank']:.0f}; {best['method']}, "
                f"seed {best['seed']}"
            )
    return lines if len(lines) > 2 else []


def _log(run: SearchRun, cell: RunCell, result: SearchResult) -> None:
    from rlnas.runs.tensorboard import log_search

    events = run.folder / "tensorboard" / cell.path.relative_to("cells").with_suffix("")
    shutil.rmtree(events, ignore_errors=True)
    log_search(
        events,
        result,
        hyperparameters=cell.columns,
        task=run.suite[cell.target],
    )
