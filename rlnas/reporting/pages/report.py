"""The report of a run folder as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.errors import RunError
from rlnas.reporting.figures.curves import draw_curves
from rlnas.reporting.figures.drawing import Drawing
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.pages.matrix import matrix_body
from rlnas.reporting.pages.page import write_page
from rlnas.reporting.pages.parts import figure
from rlnas.reporting.pages.search import search_body
from rlnas.reporting.pages.training import training_search_report
from rlnas.run_folder import run_kind
from rlnas.runs.dataset_search import KIND
from rlnas.runs.search_run import SearchRun

if TYPE_CHECKING:
    import pandas as pd


def write_report(
    folder: str | Path,
    *,
    cost_per_query_seconds: float | None = None,
    source_queries: float | None = None,
    pretraining_seconds: float = 0.0,
    gpus: float = 1.0,
) -> Path:
    """Write ``report.html`` and the figures of a transfer matrix or of searches.

    The page needs no other file and no network: the figures are inline SVG. They are also written
    beside it as PNG and SVG.

    Args:
        folder: A run folder that ``rlnas matrix``, ``rlnas search`` or ``rlnas transfer`` wrote;
            it may be unfinished, which the page then says.
        cost_per_query_seconds: Of a matrix: seconds of training that a query takes; by default
            what its table says, if it does.
        source_queries: Of a matrix: architectures evaluated to pretrain on one source; by default
            its whole table.
        pretraining_seconds: Of a matrix: seconds that training the controller on one source took.
        gpus: Of a matrix: GPUs that an evaluation, or that training, occupies.

    Returns:
        The page's path.

    Raises:
        RunError: If the folder is no such run, or nothing in it is finished.
        InvalidArgumentError: If a cost is negative, or ``gpus`` is not positive.
    """
    folder = Path(folder)
    kind = run_kind(folder)
    if kind == "matrix":
        investment = Investment(
            cost_per_query_seconds=cost_per_query_seconds,
            source_queries=_table_size(folder) if source_queries is None else source_queries,
            pretraining_seconds=pretraining_seconds,
            gpus=gpus,
        )
        return _matrix_report(folder, investment)
    if kind == "search":
        return _search_report(folder)
    if kind == KIND:
        return training_search_report(folder)
    raise RunError(
        f"{folder} holds a run of kind {kind!r}, which has no report; expected the folder of a "
        "matrix, search or transfer. The curves of a training are in its TensorBoard folder."
    )


def _table_size(folder: Path) -> float:
    from rlnas.transfer.matrix.folder import MatrixRun

    return float(MatrixRun.open(folder).source_suite.space.size)


def _matrix_report(folder: Path, investment: Investment) -> Path:
    from rlnas.transfer.matrix.folder import MatrixRun

    run = MatrixRun.open(folder)
    rows, curves = run.rows(), run.curves()
    metrics = {target: run.metric(target) for target in dict.fromkeys(rows["target"])}
    config = run.config
    body = matrix_body(
        rows,
        curves,
        metrics,
        folder,
        title=config.suite,
        estimates=_estimates(folder),
        investment=investment,
    )
    sources = f" from sources of {config.source_suite}" if config.source_suite else ""
    subtitle = (
        f"{len(metrics)} tasks of {config.suite}{sources}, methods {', '.join(config.methods)}, "
        f"{config.seeds} seeds, {config.queries} queries on each target, "
        f"{config.steps:,} training steps on each source."
    )
    return write_page(
        folder,
        "matrix",
        title=f"Transfer matrix: {config.suite}",
        subtitle=subtitle,
        body=body,
        missing=len(run.missing()),
        seeds=tuple(range(config.seeds)),
    )


def _estimates(folder: Path) -> pd.DataFrame | None:
    """Return the similarities that a run measured, None if it did not."""
    import pandas as pd

    path = folder / "similarity.parquet"
    return pd.read_parquet(path) if path.exists() else None


def _search_report(folder: Path) -> Path:
    run = SearchRun.open(folder)
    rows, plan = run.rows(), run.plan
    metrics = {task: run.suite[task].metric for task in plan.tasks}
    drawn = Drawing(draw_curves(run.curves(), title=plan.suite, keep_diagonal=True), "curves")
    drawn.save(folder)
    curves = figure(
        drawn.inline("Best rank against queries for each method"),
        "The rank of the best architecture found so far; 1 is the best of the whole space. "
        "Lower and further left is better.",
        wide=True,
    )
    subtitle = (
        f"{', '.join(dict.fromkeys(m for m, _ in plan.searchers))} on {', '.join(plan.tasks)} "
        f"of {plan.suite}: {len(plan.seeds)} seeds, {plan.queries} queries each."
    )
    body = search_body(rows, metrics) + "<h2>Progress of the search</h2>" + curves
    return write_page(
        folder,
        "search",
        title=f"Search: {plan.suite}",
        subtitle=subtitle,
        body=body,
        missing=len(run.missing()),
        seeds=plan.seeds,
    )
