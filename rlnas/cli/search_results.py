"""What ``rlnas search`` and ``rlnas transfer`` print of a finished run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rlnas.formats import format_rank
from rlnas.reporting import SearchResults

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.cli.screen import Screen
    from rlnas.runs.search_run import SearchRun


def show_searches(run: SearchRun, screen: Screen, *, tensorboard: bool) -> dict[str, Any]:
    """Print the tables, write the report, and return what ``--json`` prints.

    Args:
        run: The finished run.
        screen: Where to print.
        tensorboard: Whether there are event files.
    """
    results = SearchResults(run)
    rows = results.rows
    screen.print(results.table())
    several = run.plan.tasks if len(run.plan.tasks) > 1 else ()  # a single task's title says it
    screen.print(
        "@N: mean rank of the best after N queries, over seeds, with a 95 % bootstrap interval; "
        f"rank 1 is the best of the {_ranked(run)}."
        + (" ↓: less is better." if any(run.suite[t].metric.arrow for t in several) else "")
    )
    if "twins_rank" in rows and rows["twins_rank"].notna().any():
        screen.print(
            "twins: mean rank of other trainings of the network that was found, where there are "
            "any. Far above its own rank it was luck; rlnas data noise says how much there is."
        )
    for line in _best_found(rows, run):
        screen.line(line)
    if failures := int(rows["failures"].sum()):
        screen.print(f"{failures} queries failed; they spent their budget without a score.")
    if run.plan.limits:
        most = ", ".join(f"{name} {value:,.6g}" for name, value in run.plan.limits.items())
        screen.print(f"Architectures over the limits ({most}) cost no query; ranks count them too.")
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
    """Return lines on the best of all searches of each task, and on what one of its kind finds."""
    lines = ["", "Best architecture of all searches:"]
    for task in run.plan.tasks:
        searches = rows[rows["target"] == task]
        found = searches[searches["best_score"].notna()]
        if len(found):
            best = found.loc[found["best_score"].idxmax()]
            alike = (searches["method"] == best["method"]) & (searches["source"] == best["source"])
            median = searches.loc[alike, "rank"].median()
            metric = run.suite[task].metric
            value = metric.text(best["best_score"], 6)
            lines.append(f"  {task}: {best['best_architecture']}")
            lines.append(
                f"    {metric.name} {value}, rank {best['rank']:.0f}; {best['method']}, "
                f"seed {best['seed']}"
            )
            if len(searches) > 1:
                lines += [
                    f"    the best of {len(searches)} searches of {run.plan.queries} queries each;",
                    f"    one of {best['method']} ends at rank {format_rank(median)} (median)",
                ]
    return lines if len(lines) > 2 else []


def _ranked(run: SearchRun) -> str:
    """Return how many there are of what ranks count, in words."""
    task = run.suite[run.plan.tasks[0]]
    what = "networks" if task.canonical_free else "architectures"
    return f"{len(task.ranked_scores)} {what}"
