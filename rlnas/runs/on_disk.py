"""A run on disk, finished or not: what it measures, what is done of it, and its tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from rlnas.damage import guarded
from rlnas.errors import DataError, RunError, shown
from rlnas.folders import remove
from rlnas.parquet import read_frame, write_frame
from rlnas.run_folder import CONFIG, begin_run, read_command, read_settings, read_versions
from rlnas.runs.cell import RunCell, with_controllers
from rlnas.runs.tables import outcome_tables
from rlnas.search import SearchResult

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Self

    from rlnas.benchmarks.column import SeedChoice
    from rlnas.tasks import Suite, TabularTask

Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, what is done of it and its total."""


def no_progress(stage: str, done: int, total: int) -> None:
    """Do nothing, where nobody wants to know."""


class Plan(Protocol):
    """What a run measures."""

    @property
    def suite(self) -> str:
        """Name of the suite of its targets."""

    @property
    def table_seed(self) -> SeedChoice:
        """Which seed of the suite's tables searches see; the others judge."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""


class CellPlan(Plan, Protocol):
    """What a run of searches measures."""

    @property
    def queries(self) -> int:
        """Budget of each search."""

    def cells(self) -> list[RunCell]:
        """Return every search, in the order of its rows."""


PlanT = TypeVar("PlanT", bound=Plan)
PartT = TypeVar("PartT")
CellPlanT = TypeVar("CellPlanT", bound=CellPlan)


class RunOnDisk(ABC, Generic[PlanT, PartT]):
    """A run in a folder, made of parts; a finished part is a finished file.

    A kind of run says what its parts are, where each lies and which tables they make.

    Args:
        folder: The run folder.
        plan: What it measures.
        suite: The suite, or None to load it when a table is asked for.
    """

    numbers: ClassVar[tuple[Sequence[str], Sequence[str]]] = ((), ())
    """Columns of its rows, and of its curves, that are numbers."""
    texts: ClassVar[Sequence[str]] = ()
    """Columns of both that are texts."""
    kind: ClassVar[str]
    """Key of its settings in ``config.json``."""

    def __init__(
        self, folder: str | Path, plan: PlanT, suite: Suite[TabularTask] | None = None
    ) -> None:
        self.folder = Path(folder)
        self.plan = plan
        if suite is not None:
            self.suite = suite

    @classmethod
    def begin(
        cls,
        folder: str | Path,
        plan: PlanT,
        suite: Suite[TabularTask] | None = None,
        *,
        resume: bool = False,
        command: str = "",
    ) -> Self:
        """Make a run folder, or open the one to go on with; see `begin_run`.

        Raises:
            RunError: If the folder holds something and ``resume`` is false, or another run.
        """
        begin_run(
            folder,
            cls.kind,
            plan.to_dict(),
            resume=resume,
            command=command,
            upgrade=lambda old: cls.read_plan(old).to_dict(),
        )
        return cls(folder, plan, suite)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Open a run folder.

        Raises:
            RunError: If it holds no run of this kind or its configuration is damaged.
        """
        settings = read_settings(folder, cls.kind)
        with guarded(Path(folder) / CONFIG, f"description of a {cls.kind} run", RunError):
            return cls(folder, cls.read_plan(settings))

    # -- what each kind of run says ---------------------------------------------------------

    @classmethod
    @abstractmethod
    def read_plan(cls, settings: Mapping[str, Any]) -> PlanT:
        """Return the plan that `Plan.to_dict` described, also of an earlier version."""

    @abstractmethod
    def parts(self) -> Sequence[PartT]:
        """Return what the run consists of."""

    @abstractmethod
    def path(self, part: PartT) -> Path:
        """Return the file that a part has once it is finished."""

    @abstractmethod
    def make_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return rows and curves of what is finished.

        Raises:
            RunError: If that is too little.
        """

    # -- what all have ----------------------------------------------------------------------

    def __repr__(self) -> str:
        done = sum(map(self.is_done, parts := self.parts()))
        return f"{type(self).__name__}({str(self.folder)!r}, {done} of {len(parts)} parts done)"

    @cached_property
    def suite(self) -> Suite[TabularTask]:
        """The suite, whose tables turn scores into ranks."""
        from rlnas.benchmarks import load_suite

        return load_suite(self.plan.suite, seed=self.plan.table_seed)

    @property
    def command(self) -> str:
        """The command that made the run, empty if it was made from Python."""
        return read_command(self.folder)

    @property
    def versions(self) -> dict[str, str]:
        """Versions of what the run used, empty if it does not say."""
        return read_versions(self.folder)

    def is_done(self, part: PartT) -> bool:
        """Return whether a part has its result."""
        return self.path(part).exists()

    def missing(self) -> list[PartT]:
        """Return the parts without a result."""
        return [part for part in self.parts() if not self.is_done(part)]

    @property
    def finished(self) -> bool:
        """Whether every part has its result."""
        return not self.missing()

    def rows(self) -> pd.DataFrame:
        """Return the run's rows: as they were written, or of what an unfinished run has.

        Raises:
            RunError: If nothing is finished.
        """
        return self._table(0)

    def curves(self) -> pd.DataFrame:
        """Return the run's curves, likewise.

        Raises:
            RunError: If nothing is finished.
        """
        return self._table(1)

    def write_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write rows.parquet and curves.parquet, and return both."""
        rows, curves = self.make_tables()
        for name, frame in zip(_TABLES, (rows, curves), strict=True):
            write_frame(self.folder / name, frame)
        return rows, curves

    def _table(self, which: int) -> pd.DataFrame:
        path = self.folder / _TABLES[which]
        if not path.exists():
            return self.make_tables()[which]
        frame = read_table(path, self.numbers[which], self.texts)
        with table_guarded(path):
            self.check_table(frame, which)
        return frame

    def check_table(self, frame: pd.DataFrame, which: int) -> None:
        """Make sure that a table is one of this run; a kind of run says more than nothing.

        Args:
            frame: Rows or curves.
            which: 0 for rows, 1 for curves.

        Raises:
            ValueError: If it is not.
        """


_TABLES = ("rows.parquet", "curves.parquet")
_CELL = ("source", "target", "method", "controller", "seed")
"""What tells a search from others in both, see `RunCell.columns`."""


def table_guarded(path: Path) -> AbstractContextManager[None]:
    """Return `guarded` for a table of a run, which can be made again."""
    remedy = "Remove it, and go on with the run by resume=True."
    return guarded(path, "table of a run", RunError, remedy)


def read_table(path: Path, numbers: Sequence[str] = (), texts: Sequence[str] = ()) -> pd.DataFrame:
    """Return a table of a run.

    Args:
        path: The file.
        numbers: Columns that it has to have, of numbers.
        texts: Likewise of texts.

    Raises:
        RunError: If it is missing or damaged.
    """
    import pandas as pd

    with table_guarded(path):
        frame = read_frame(path)
        for name in numbers:
            if not pd.api.types.is_numeric_dtype(frame[name].dtype):
                raise TypeError(f"its column {name} has no numbers")
        for name in texts:
            values = frame[name]
            if values.isna().any() or pd.api.types.infer_dtype(values) not in ("string", "empty"):
                raise TypeError(f"its column {name} has no texts")
        return frame


class SearchesOnDisk(RunOnDisk[CellPlanT, RunCell]):
    """A run whose parts are searches, a cell each.

    Its rows have the columns source (``-`` for none), target, method, controller (which of those
    trained on the source), seed, queries, best_architecture, best_score, test_score, rank (1 is
    the best of the whole space), regret, denoised_regret and twins_rank (see `outcome_row`; older
    runs lack them), rank_at_10, rank_at_20, failures, cost (s of training) and seconds (wall
    clock); its curves source, target, method, controller, seed, query, best_score and rank after
    every query. In tables written before there were several controllers every search is of
    controller 0.
    """

    numbers = (
        (
            "seed",
            "queries",
            "failures",
            "best_score",
            "test_score",
            "rank",
            "regret",
            "cost",
            "seconds",
        ),
        ("seed", "query", "best_score", "rank"),
    )
    texts = ("source", "target", "method")
    events: ClassVar[Path] = Path("tensorboard")
    """Where in its folder the curves of its searches are, for TensorBoard."""

    def parts(self) -> Sequence[RunCell]:
        """Return every search."""
        return self.plan.cells()

    def path(self, part: RunCell) -> Path:
        """Return the file of a search."""
        return self.folder / part.path

    def check_table(self, frame: pd.DataFrame, which: int) -> None:
        """Make sure that a table has the searches of this run, each once.

        Raises:
            ValueError: If one is there twice, is none of the plan's, or is finished and missing.
        """
        names = [*_CELL, "query"][: len(_CELL) + which]
        frame = with_controllers(frame)
        if frame.duplicated(names).any():
            raise ValueError("it has a row twice")
        found = set(frame[list(_CELL)].drop_duplicates().itertuples(index=False, name=None))
        cells = {cell: tuple(self.labelled(cell).columns.values()) for cell in self.parts()}
        if others := found.difference(cells.values()):
            raise ValueError(f"it has a search that the run has not: {shown(min(others, key=str))}")
        for cell, row in cells.items():
            if row not in found and self.is_done(cell):
                raise ValueError(f"it lacks a search that is finished: {row}")

    def result(self, cell: RunCell) -> SearchResult:
        """Return one finished search.

        Raises:
            DataError: If it is damaged, or of another cell.
        """
        result = SearchResult.load(self.path(cell))
        if not f"/{result.task}".endswith(f"/{cell.target}"):
            raise DataError(
                f"{self.path(cell)} holds a search of {shown(result.task)}, not of {cell.target}; "
                "remove it and go on with the run by resume=True."
            )
        return result

    def save(self, cell: RunCell, result: SearchResult) -> None:
        """Keep the result of one search."""
        result.save(self.path(cell))

    def log(self, cell: RunCell, result: SearchResult) -> None:
        """Write the curves of a search for TensorBoard, in place of earlier ones."""
        from rlnas.runs.tensorboard import log_search

        events = self.folder / self.events / cell.path.relative_to("cells").with_suffix("")
        remove(events, within=self.folder)
        log_search(events, result, hyperparameters=cell.columns, task=self.suite[cell.target])

    def make_tables(
        self, known: Mapping[RunCell, SearchResult] | None = None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return rows and curves of the finished searches.

        Args:
            known: Results that are at hand; the others are read.

        Raises:
            RunError: If there is none.
        """
        at_hand = known or {}
        done = [cell for cell in self.parts() if cell in at_hand or self.is_done(cell)]
        if not done:
            raise RunError(
                f"{self.folder} has no finished search yet; go on with it by resume=True."
            )
        results = (
            (self.labelled(cell), at_hand[cell] if cell in at_hand else self.result(cell))
            for cell in done
        )
        return outcome_tables(results, self.suite, self.plan.queries)

    def _table(self, which: int) -> pd.DataFrame:
        return with_controllers(super()._table(which))

    def labelled(self, cell: RunCell) -> RunCell:
        """Return a cell as it is called in tables."""
        return cell
