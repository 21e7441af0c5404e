"""Hand a matrix's work to worker processes so that none of them waits for long."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any

from rlnas.search import SearchResult
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

    Attributes:
        found: The results of the cells that were run.
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
        self._training: dict[Future[None], tuple[str, ...]] = {}
        self._searching: set[Future[dict[Cell, SearchResult]]] = set()
        self.found: dict[Cell, SearchResult] = {}

    def run(self, pool: ProcessPoolExecutor) -> None:
        """Do all of it.

        Raises:
            BrokenProcessPool: If a process died.
        """
        for stage in ("train", "search"):
            self._say(stage)
        waiting = {source for batch in self._untrained for source in batch}
        for batch in self._untrained:
            self._training[pool.submit(train_sources, self._folder, batch, self._device)] = batch
        self._submit(pool, [g for g in self._groups if g[0].source not in waiting])
        while self._training or self._searching:
            jobs: set[Future[Any]] = {*self._training, *self._searching}
            done, _ = wait(jobs, return_when=FIRST_COMPLETED)
            for job in done & self._training.keys():
                batch = self._training.pop(job)
                job.result()
                self._left["train"] -= len(batch)
                self._say("train")
                self._submit(pool, [g for g in self._groups if g[0].source in batch])
            for search in done & self._searching:
                self._searching.remove(search)
                found = search.result()
                self.found |= found
                self._left["search"] -= len(found)
                self._say("search")

    def _submit(self, pool: ProcessPoolExecutor, groups: list[tuple[Cell, ...]]) -> None:
        self._searching |= {pool.submit(run_cells, self._folder, group) for group in groups}

    def _say(self, stage: str) -> None:
        if total := self._total[stage]:
            self._report(stage, total - self._left[stage], total)
