"""What a run came to, as one object that is opened from its folder.

`load_results` gives the object: its numbers, its table, its figures, its report.
"""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.benchmarks import load_table
from rlnas.errors import RlnasError, RunError, UnknownNameError
from rlnas.reporting.figures.curves import draw_curves
from rlnas.reporting.figures.matrix import matrix_figures
from rlnas.reporting.figures.pareto import draw_front, draw_shrinking
from rlnas.reporting.figures.training import training_figures
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.numbers import MatrixNumbers
from rlnas.reporting.pages.matrix import write_matrix_page
from rlnas.reporting.pages.pareto import write_pareto_page
from rlnas.reporting.pages.search import write_search_page
from rlnas.reporting.pages.training import write_training_page
from rlnas.reporting.search.numbers import SearchNumbers
from rlnas.reporting.terminal.matrix import matrix_tables
from rlnas.reporting.terminal.pareto import pareto_table
from rlnas.reporting.terminal.search import search_tables
from rlnas.reporting.terminal.table import as_html
from rlnas.reporting.terminal.training import training_table
from rlnas.run_folder import run_kind
from rlnas.runs.dataset_search import KIND, TrainingSearchRun
from rlnas.runs.pareto_run import PARETO, ParetoRun
from rlnas.runs.search_run import SearchRun
from rlnas.statistics.random_line import RandomLine, random_line
from rlnas.tasks import Metric

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from rlnas.runs.cell import RunCell
    from rlnas.search import SearchResult
    from rlnas.transfer.matrix.folder import MatrixRun


class _Shown(ABC):
    """Results that have a table and figures."""

    @abstractmethod
    def table(self) -> RenderableType:
        """Return the table that the command line shows."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._run_in_words()})"

    @abstractmethod
    def _run_in_words(self) -> str:
        """Return what the run was, for one line."""

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the line, and the table as the terminal shows it."""
        return f"<p>{html.escape(repr(self))}</p>{as_html(self.table())}"

    @abstractmethod
    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """Return how to draw each figure that there are numbers for."""

    def figures(self) -> tuple[str, ...]:
        """Return the names of the figures that there are numbers for."""
        return tuple(self._figures())

    def figure(self, name: str) -> Figure:
        """Draw a figure, bound to no global state; ``.savefig(path)`` writes it.

        Args:
            name: One of `figures`.

        Raises:
            UnknownNameError: If there is no such figure.
            InvalidArgumentError: If an unfinished run lacks the numbers for it.
        """
        figures = self._figures()
        if name not in figures:
            raise UnknownNameError("figure", name, figures)
        return figures[name]()


class MatrixResults(_Shown, MatrixNumbers):
    """What a transfer matrix came to, finished or not.

    Its numbers are those of `MatrixNumbers`.

    Example:
        >>> results = MatrixResults.load("runs/matrix")  # doctest: +SKIP
        >>> rich.print(results.table())  # doctest: +SKIP
        >>> results.figure("methods").savefig("methods.svg")  # doctest: +SKIP
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        curves: pd.DataFrame | None = None,
        metrics: Mapping[str, Metric] | Callable[[], Mapping[str, Metric]] | None = None,
        *,
        similarities: pd.DataFrame | None = None,
        title: str = "",
        run: MatrixRun | None = None,
    ) -> None:
        """Take what was measured; see `MatrixNumbers`.

        Args:
            rows: One row a search.
            curves: One row a query of each.
            metrics: What the scores of each target mean.
            similarities: What estimators said of sources and targets.
            title: Name of the suite.
            run: The run folder, where there is one; `load` gives it.
        """
        super().__init__(rows, curves, metrics, similarities=similarities, title=title)
        self._run = run

    @classmethod
    def load(cls, folder: str | Path) -> MatrixResults:
        """Open what ``rlnas matrix`` or `run_matrix` wrote.

        Raises:
            RunError: If it holds no transfer matrix, or none of its searches is finished.
        """
        from rlnas.transfer.matrix.folder import MatrixRun

        run = MatrixRun.open(folder)
        rows = run.rows()
        return cls(
            rows,
            run.curves(),
            lambda: {target: run.metric(target) for target in dict.fromkeys(rows["target"])},
            similarities=run.similarities(),
            title=run.config.suite,
            run=run,
        )

    @property
    def run(self) -> MatrixRun:
        """The run folder, with its ``config``.

        Raises:
            RunError: If the results were not loaded from one.
        """
        if self._run is None:
            raise RunError(
                "These results were made from frames and have no run folder; open one with "
                "load_results(FOLDER)."
            )
        return self._run

    def _run_in_words(self) -> str:
        return f"{len(self.rows)} searches" if self._run is None else repr(self._run)

    def missing(self) -> list[RunCell]:
        """Return the searches of the run that have no result yet."""
        return self.run.missing()

    @cached_property
    def cost_name(self) -> str:
        """What the table calls the cost of a query, e.g. ``cpu_seconds``; empty if unknown."""
        if self._run is None:
            return ""
        try:
            table = load_table(self._run.config.suite)
        except RlnasError:  # a suite that is drawn has no table
            return ""
        return ", ".join(dict.fromkeys(table.costs.values()))

    @cached_property
    def random_lines(self) -> Mapping[str, RandomLine]:
        """Where random search ends on each target at the run's budget, exactly."""
        if self._run is None:
            return {}
        suite, queries = self._run.suite, self._run.config.queries
        return {t: random_line(suite[t].ranked_scores, queries) for t in self.targets}

    def table(self) -> RenderableType:
        """Return what ``rlnas matrix`` prints, for `rich.print`; see `matrix_tables`."""
        return matrix_tables(self)

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        return matrix_figures(self)

    def report(self, investment: Investment | None = None) -> Path:
        """Write ``report.html`` and all figures into the run folder, and return the page's path.

        Args:
            investment: What a query and what pretraining cost, for the return on investment. By
                default a query costs what the benchmark's table says, if it does, and pretraining
                the whole table of each source.

        Raises:
            RunError: If the results were not loaded from a folder.
        """
        run = self.run
        if investment is None:
            investment = Investment(source_queries=float(run.source_suite.space.size))
        return write_matrix_page(self, run, investment)


class SearchResults(_Shown, SearchNumbers):
    """What the searches of a run came to, finished or not.

    Its numbers are those of `SearchNumbers`.

    Attributes:
        run: The run folder, with its ``plan``.
    """

    def __init__(self, run: SearchRun) -> None:
        """Read what is finished.

        Args:
            run: The run folder.

        Raises:
            RunError: If no search is finished.
        """
        self.run = run
        super().__init__(
            run.rows(),
            run.curves(),
            lambda: {task: run.suite[task].metric for task in run.plan.tasks},
            title=run.plan.suite,
        )

    @classmethod
    def load(cls, folder: str | Path) -> SearchResults:
        """Open what ``rlnas search --suite`` or ``rlnas transfer`` wrote.

        Raises:
            RunError: If it holds no such searches, or none of them is finished.
        """
        return cls(SearchRun.open(folder))

    def _run_in_words(self) -> str:
        return repr(self.run)

    def missing(self) -> list[RunCell]:
        """Return the searches of the run that have no result yet."""
        return self.run.missing()

    def table(self) -> RenderableType:
        """Return what ``rlnas search`` prints, for `rich.print`; see `search_tables`."""
        from rich.console import Group

        return Group(*search_tables(self))

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        return {"curves": partial(draw_curves, self, keep_diagonal=True)}

    def report(self) -> Path:
        """Write ``report.html`` and the figure into the run folder, and return the page's path."""
        return write_search_page(self, self.run)


class DatasetSearchResults(_Shown):
    """What a search came to that trained its architectures on a data set.

    Attributes:
        run: The run folder, with its ``settings`` and the ``records`` of all trainings.
    """

    def __init__(self, run: TrainingSearchRun) -> None:
        """Take a finished search.

        Args:
            run: The run folder.
        """
        self.run = run

    @classmethod
    def load(cls, folder: str | Path) -> DatasetSearchResults:
        """Open what ``rlnas search --dataset`` wrote.

        Raises:
            RunError: If it holds no such search, or it is not finished.
        """
        return cls(TrainingSearchRun.open(folder))

    def _run_in_words(self) -> str:
        return repr(self.run)

    @property
    def rows(self) -> pd.DataFrame:
        """One row a query: query, architecture, score, valid, epochs, parameters, macs, seconds."""
        return self.run.rows

    @property
    def search(self) -> SearchResult:
        """The search: its records, its best, its cost."""
        return self.run.result

    def table(self) -> RenderableType:
        """Return what ``rlnas search`` prints, best first, for `rich.print`."""
        ordered = self.rows.sort_values("score", ascending=False, na_position="last")
        return training_table(ordered, self.search.metric, title=self.search.task)

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        return training_figures(self.run)

    def report(self) -> Path:
        """Write ``report.html`` and all figures into the run folder, and return the page's path."""
        return write_training_page(self.run)


class ParetoResults(_Shown):
    """What one search came to that left many networks.

    Attributes:
        run: The run folder, with its ``settings``, ``shapes`` and ``rows``.
    """

    def __init__(self, run: ParetoRun) -> None:
        """Take a finished run.

        Args:
            run: The run folder.
        """
        self.run = run

    @classmethod
    def load(cls, folder: str | Path) -> ParetoResults:
        """Open what ``rlnas pareto`` wrote.

        Raises:
            RunError: If it holds no such run, or it is not finished.
        """
        return cls(ParetoRun.open(folder))

    def _run_in_words(self) -> str:
        return repr(self.run)

    @property
    def rows(self) -> pd.DataFrame:
        """One row a network, cheapest first; see `ParetoRun`."""
        return self.run.rows

    def table(self) -> RenderableType:
        """Return what ``rlnas pareto`` prints, for `rich.print`."""
        return pareto_table(self.run)

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        found: dict[str, Callable[[], Figure]] = {"shrinking": partial(draw_shrinking, self.run)}
        if self.rows["error"].isna().any():
            found["front"] = partial(draw_front, self.run)
        return found

    def report(self) -> Path:
        """Write ``report.html`` and all figures into the run folder, and return the page's path."""
        return write_pareto_page(self.run)


Results = MatrixResults | SearchResults | DatasetSearchResults | ParetoResults
"""What a run came to, by what it is."""


def load_results(folder: str | Path) -> Results:
    """Open what a run came to.

    Args:
        folder: A run folder that ``rlnas matrix``, ``rlnas search``, ``rlnas transfer`` or ``rlnas
            pareto`` wrote. A matrix, or searches on a suite, may be unfinished.

    Returns:
        The results, by what the folder holds.

    Raises:
        RunError: If the folder is no such run, or nothing in it is finished.
    """
    kind = run_kind(folder)
    if kind == "matrix":
        return MatrixResults.load(folder)
    if kind == "search":
        return SearchResults.load(folder)
    if kind == KIND:
        return DatasetSearchResults.load(folder)
    if kind == PARETO:
        return ParetoResults.load(folder)
    raise RunError(
        f"{folder} holds a run of kind {kind!r}, which has no results to open and no report; "
        "expected the folder of a matrix, search, transfer or pareto. The curves of a training are "
        "in its TensorBoard folder."
    )


def write_report(
    folder: str | Path,
    *,
    cost_per_query_seconds: float | None = None,
    source_queries: float | None = None,
    pretraining_seconds: float = 0.0,
    gpus: float = 1.0,
) -> Path:
    """Write ``report.html`` and the figures of a run.

    The page needs no other file and no network: the figures are inline SVG. They are also written
    beside it as PNG and SVG.

    Args:
        folder: As `load_results` takes it; an unfinished run's page says so.
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
    results = load_results(folder)
    if not isinstance(results, MatrixResults):
        return results.report()
    if source_queries is None:
        source_queries = float(results.run.source_suite.space.size)
    return results.report(
        Investment(
            cost_per_query_seconds=cost_per_query_seconds,
            source_queries=source_queries,
            pretraining_seconds=pretraining_seconds,
            gpus=gpus,
        )
    )
