"""Hand a matrix's work to worker processes so that none of them waits for long."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from typing import Any

from rlnas.runs.cell import RunCell
from rlnas.runs.on_disk import Progress
from rlnas.search import SearchResult
from rlnas.transfer.matrix.folder import MatrixRun
from rlnas.transfer.matrix.trainings import Training, train_on
from rlnas.transfer.matrix.workers import estimate, run_cells, train


class Schedule:
    """What a run still lacks, handed out in an order that keeps every process busy.

    Training comes first, since most cells wait for it; cells without a source fill the time until
    the first controllers are trained, and cells follow as soon as theirs are. Of these, what learns
    on its target takes longest, so it goes first and is not left to the end.

    Args:
        run: The run.
        device: Where sources are trained.
        report: Told of progress; the stages are ``train``, ``search`` and ``compare``.

    Attributes:
        found: The results of the cells that were run.
    """

    def __init__(self, run: MatrixRun, device: str, report: Progress) -> None:
        config, missing = run.config, set(run.missing())
        self._folder = str(run.folder.absolute())  # workers may be anywhere
        self._device = device
        self._report = report
        every = [training for batch in config.batches() for training in batch]
        # A batch is trained as a whole, so that its rounding is always the same.
        self._untrained = [
            batch
            for batch in config.batches()
            if not all((run.folder / training.path).exists() for training in batch)
        ]
        self._waiting = [g for g in reversed(config.groups()) if not missing.isdisjoint(g)]
        self._needs = {g[0]: frozenset(config.trainings_of(g[0])) for g in self._waiting}
        self._trained = set(every) - {t for batch in self._untrained for t in batch}
        self._compared = frozenset(train_on("each", config.source_names, None))
        self._targets = run.missing_similarities()
        self._total = {
            "train": len(every),
            "search": len(config.cells()),
            "compare": len(config.tasks) if config.estimators else 0,
        }
        self._left = {
            "train": sum(map(len, self._untrained)),
            "search": len(missing),
            "compare": len(self._targets),
        }
        self._training: dict[Future[None], tuple[Training, ...]] = {}
        self._searching: set[Future[dict[RunCell, SearchResult]]] = set()
        self._comparing: set[Future[None]] = set()
        self.found: dict[RunCell, SearchResult] = {}

    def run(self, pool: Executor) -> None:
        """Do all of it.

        Raises:
            BrokenExecutor: If a process died.
        """
        for stage in self._total:
            self._say(stage)
        for batch in self._untrained:
            self._training[pool.submit(train, self._folder, batch, self._device)] = batch
        self._submit(pool)
        while self._training or self._searching or self._comparing:
            jobs: set[Future[Any]] = {*self._training, *self._searching, *self._comparing}
            done, _ = wait(jobs, return_when=FIRST_COMPLETED)
            for job in done & self._training.keys():
                batch = self._training.pop(job)
                job.result()
                self._left["train"] -= len(batch)
                self._say("train")
                self._trained |= set(batch)
                self._submit(pool)
            for search in done & self._searching:
                self._searching.remove(search)
                found = search.result()
                self.found |= found
                self._left["search"] -= len(found)
                self._say("search")

            for compared in done & self._comparing:
                self._comparing.remove(compared)
                compared.result()
                self._left["compare"] -= 1
                self._say("compare")

    def _submit(self, pool: Executor) -> None:
        """Hand out what can be done with the controllers that are trained."""
        ready = [group for group in self._waiting if self._needs[group[0]] <= self._trained]
        self._waiting = [group for group in self._waiting if group not in ready]
        self._searching |= {pool.submit(run_cells, self._folder, group) for group in ready}
        if self._targets and self._compared <= self._trained:
            self._comparing |= {pool.submit(estimate, self._folder, t) for t in self._targets}
            self._targets = []

    def _say(self, stage: str) -> None:
        if total := self._total[stage]:
            self._report(stage, total - self._left[stage], total)
