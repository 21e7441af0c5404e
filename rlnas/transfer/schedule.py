"""Hand a matrix's work to worker processes so that none of them waits for long."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from rlnas.search.cell import Cell
from rlnas.transfer.run_folder import MatrixRun
from rlnas.transfer.workers import run_cells, train_sources

Progress = Callable[[str, int, int], None]
"""Called with the stage (``train`` or ``search``), what is done of it and its total."""


class Schedule:
    """What a run still lacks, handed out in an order that keeps every process busy.

    Sources come first, since most cells wait for one; cells without a source fill the time until
    the first are trained, and a source's cells follow as soon as it is. Of these, what learns on
    its target takes longest, so it goes first and is not left to the end.

    Args:
        run: The run.
        device: Where sources are trained.
        report: Told of progress.
    """

    def __init__(self, run: MatrixRun, device: str, report: Progress) -> None:
        config, missing = run.config, set(run.missing())
        self._folder = str(run.folder)
        self._device = device
        self._report = report
        self._untrained = [
            batch
            for batch in config.batches()
            if not all((run.folder / "sources" / source).exists() for source in batch)
        ]
        self._groups = [g for g in reversed(config.groups()) if not missing.isdisjoint(g)]
        self._total = {"train": len(config.sources()), "search": len(config.cells())}
        self._left = {"train": sum(map(len, self._untrained)), "search": len(missing)}
        self._jobs: dict[Future[int], tuple[str, tuple[str, ...]]] = {}

    def run(self, pool: ProcessPoolExecutor) -> None:
        """Do all of it.

        Raises:
            BrokenProcessPool: If a process died.
        """
        for stage in ("train", "search"):
            self._say(stage)
        waiting = {source for batch in self._untrained for source in batch}
        for batch in self._untrained:
            job = pool.submit(train_sources, self._folder, batch, self._device)
            self._jobs[job] = ("train", batch)
        self._submit(pool, [g for g in self._groups if g[0].source not in waiting])
        while self._jobs:
            done, _ = wait(self._jobs, return_when=FIRST_COMPLETED)
            for job in done:
                stage, batch = self._jobs.pop(job)
                self._left[stage] -= job.result()
                self._say(stage)
                self._submit(pool, [g for g in self._groups if g[0].source in batch])

    def _submit(self, pool: ProcessPoolExecutor, groups: list[tuple[Cell, ...]]) -> None:
        for group in groups:
            self._jobs[pool.submit(run_cells, self._folder, group)] = ("search", ())

    def _say(self, stage: str) -> None:
        if total := self._total[stage]:
            self._report(stage, total - self._left[stage], total)
