"""The run folder of a transfer study by steps, and how to fill it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reference_study.config import SCRATCH, Group, StudyConfig
from reference_study.measure import measure_group
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.parquet import write_frame
from rlnas.processes import stop_pool, worker_pool
from rlnas.runs.on_disk import Progress, RunOnDisk, no_progress

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("curves", "rows")
_PRELOADED = ("rlnas.transfer.matrix.preload", "reference_study.run")


class StudyRun(RunOnDisk[StudyConfig, Group]):
    """A study on disk, finished or not; its parts are groups, whose rows are written last."""

    kind = "study"

    @classmethod
    def read_plan(cls, settings: Mapping[str, Any]) -> StudyConfig:
        """Return what a study measures."""
        return StudyConfig.from_dict(settings)

    @property
    def config(self) -> StudyConfig:
        """What it measures."""
        return self.plan

    def parts(self) -> Sequence[Group]:
        """Return its groups."""
        return self.plan.groups()

    def path(self, part: Group, table: str = "rows") -> Path:
        """Return where a table of a group is kept."""
        return self.folder / "groups" / part.method / f"{part.name}-{table}.parquet"

    def source(self, task: str, seed: int) -> Path:
        """Return where the controller that was trained on a task is kept."""
        return self.folder / "sources" / task / f"seed-{seed}"

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
            write_frame(self.path(group, table), getattr(result, table))

    def make_tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return rows and curves of a finished run.

        Raises:
            RunError: If a group is missing.
        """
        import pandas as pd

        if missing := self.missing():
            raise RunError(f"{self.folder} lacks {len(missing)} groups; go on with --resume.")
        frames = {
            table: pd.concat(
                [pd.read_parquet(self.path(group, table)) for group in self.parts()],
                ignore_index=True,
            )
            for table in TABLES
        }
        return frames["rows"], frames["curves"]


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
        on_progress: Called as groups are finished; the stages are ``train`` and ``transfer``.

    Returns:
        The finished run, its tables written.

    Raises:
        InvalidArgumentError: If a task is unknown or ``workers`` is not 1 or more.
        RunError: If ``out`` holds something and ``resume`` is false, holds another configuration,
            or a worker died.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    suite = load_suite(config.suite)  # fetches the table once, before the workers do
    suite.check(config.tasks)
    run = StudyRun.begin(out, config, suite, resume=resume, command=command)
    report = on_progress or no_progress
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
            "go on with resume=True, with fewer workers if memory was short."
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
