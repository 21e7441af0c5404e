"""The run folder of a transfer study by steps, and how to fill it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reference_study.config import SCRATCH, Group, StudyConfig
from reference_study.measure import measure_group
from rlnas.atomic import atomic_file
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.processes import stop_pool, worker_pool
from rlnas.run_folder import begin_run, read_settings

if TYPE_CHECKING:
    import pandas as pd

    from rlnas.tasks import Suite, TabularTask

KIND = "study"
TABLES = ("curves", "rows")
_PRELOADED = ("rlnas.transfer.matrix.preload", "reference_study.run")

Progress = Callable[[str, int, int], None]
"""Called with the stage (``train`` or ``transfer``), what is done of it and its total."""


class StudyRun:
    """A study on disk, finished or not; a finished group is a finished file.

    Args:
        folder: The run folder.
        config: What it measures.
    """

    def __init__(self, folder: str | Path, config: StudyConfig) -> None:
        self.folder = Path(folder)
        self.config = config

    @classmethod
    def open(cls, folder: str | Path) -> StudyRun:
        """Open a run folder.

        Raises:
            RunError: If it holds no study or its configuration is damaged.
        """
        tree = read_settings(folder, KIND)
        try:
            return cls(folder, StudyConfig.from_dict(tree))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunError(f"{folder}: config.json describes no study: {error}") from error

    @cached_property
    def suite(self) -> Suite[TabularTask]:
        """The suite."""
        return load_suite(self.config.suite)

    def path(self, group: Group, table: str) -> Path:
        """Return where a table of a group is kept."""
        return self.folder / "groups" / group.method / f"{group.name}-{table}.parquet"

    def source(self, task: str, seed: int) -> Path:
        """Return where the controller that was trained on a task is kept."""
        return self.folder / "sources" / task / f"seed-{seed}"

    def is_done(self, group: Group) -> bool:
        """Return whether a group is finished; its rows are written last."""
        return self.path(group, "rows").exists()

    def missing(self) -> list[Group]:
        """Return the groups without a result."""
        return [group for group in self.config.groups() if not self.is_done(group)]

    def measure(self, group: Group, device: str = "cpu") -> None:
        """Train and judge a group, and keep its result."""
        from rlnas.agents import PPOController

        sources = []
        if group.method != SCRATCH:
            sources = [
                PPOController.load(self.source(group.source, seed), space=self.suite.space)
                for seed in range(self.config.seeds)
            ]
        result = measure_group(self.config, self.suite, group, sources, device=device)
        for seed, controller in enumerate(result.sources):
            controller.save(self.source(group.target, seed), training_state=False)
        for table in TABLES:
            with atomic_file(self.path(group, table)) as partial:
                getattr(result, table).to_parquet(partial, index=False)

    def write_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Write curves.parquet and rows.parquet of a finished run, and return both.

        Raises:
            RunError: If a group is missing.
        """
        import pandas as pd

        if missing := self.missing():
            raise RunError(f"{self.folder} lacks {len(missing)} groups; go on with --resume.")
        frames = []
        for table in TABLES:
            parts = [pd.read_parquet(self.path(g, table)) for g in self.config.groups()]
            frames.append(pd.concat(parts, ignore_index=True))
            with atomic_file(self.folder / f"{table}.parquet") as partial:
                frames[-1].to_parquet(partial, index=False)
        return frames[0], frames[1]


def run_study(
    config: StudyConfig,
    out: str | Path,
    *,
    workers: int = 2,
    device: str = "cpu",
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> StudyRun:
    """Run a study.

    The result depends neither on the number of workers nor on interruptions.

    Args:
        config: What to measure.
        out: The run folder.
        workers: Number of processes, each with one thread.
        device: Where all is trained: ``cpu``, ``cuda`` or ``cuda:N``.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as groups are finished.

    Returns:
        The finished run, its tables written.

    Raises:
        InvalidArgumentError: If a task is unknown or ``workers`` is not 1 or more.
        RunError: If ``out`` holds something and ``resume`` is false, holds another configuration,
            or a worker died.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    load_suite(config.suite).check(config.tasks)  # fetches the table once, before the workers do
    begin_run(out, KIND, config.to_dict(), resume=resume, command=command)
    run = StudyRun(out, config)
    report = on_progress or (lambda stage, done, total: None)
    pool = worker_pool(workers, _PRELOADED)
    try:
        # One stage after the other: a pair needs its source.
        for stage, of_stage in (("train", True), ("transfer", False)):
            groups = [g for g in config.groups() if (g.method == SCRATCH) is of_stage]
            todo: list[Future[None]] = [
                pool.submit(_measure, str(out), group, device)
                for group in groups
                if not run.is_done(group)
            ]
            for number, future in enumerate(as_completed(todo), len(groups) - len(todo) + 1):
                future.result()
                report(stage, number, len(groups))
    except BrokenProcessPool as error:
        raise RunError(
            f"A worker process died (killed, or out of memory). What is finished is kept in {out}; "
            "go on with --resume, with fewer --workers if memory was short."
        ) from error
    except BaseException:
        stop_pool(pool)
        raise
    pool.shutdown()
    run.write_tables()
    return run


def _measure(folder: str, group: Group, device: str) -> None:
    """Measure a group of the run in a folder, in a worker process."""
    StudyRun.open(folder).measure(group, device)
