"""Train the architectures of a space on several tasks: how a benchmark table is made.

Every finished architecture is a finished file, so an interrupted build goes on where it was.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache, partial
from pathlib import Path

from rlnas.errors import InvalidArgumentError, RunError
from rlnas.processes import Executor, Failure, Processes, stop_pool, worker_pool
from rlnas.run_folder import only_writer
from rlnas.spaces import get_space
from rlnas.training.tabulation.plan import (
    PLAN_FILE,
    Tabulation,
    TabulationCell,
    keep_plan,
    missing_cells,
    write_cell,
)
from rlnas.training.tabulation.tabulator import Tabulator

_PRELOADED = ("rlnas.training.tabulation.tabulator",)


def tabulate(
    plan: Tabulation,
    architectures: Sequence[str],
    folder: str | Path,
    *,
    seeds: Sequence[int] = (0,),
    workers: int = 1,
    executor: Executor | None = None,
    on_cell: Callable[[TabulationCell, int, int], None] | None = None,
) -> list[Path]:
    """Train architectures on all tasks of a plan, each into a file of its own; skip what is there.

    A file holds ``{"architecture", "seed", "tasks": {task: {"error", "device", "history"}}}``; the
    history is `TrainingResult.rows`, the error null or why there is no score. A training that
    diverges or runs out of memory, and an architecture whose worker is killed, are recorded with
    their error and end nothing.

    Args:
        plan: What is trained.
        architectures: Official strings.
        folder: Where the files are; beside them is the plan.
        seeds: Of first weights and order of examples; all architectures with one, then the next.
        workers: Processes with one thread each.
        executor: Where they are; None for this machine. Other machines have to see the folder under
            the same path.
        on_cell: Called after each cell with it, the number of cells trained and of those to train.

    Returns:
        The files of all cells, those that were there too, seed by seed.

    Raises:
        InvalidArgumentError: If ``workers`` is less than 1, or the plan fits no architecture.
        InvalidArchitectureError: If there is no such architecture.
        UnknownNameError: If there is no such space, data set or task.
        RunError: If the folder holds another plan.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    space = get_space(plan.space)
    for architecture in architectures:
        space.parse(architecture)  # raises before hours of work, not amid them
    where = Path(folder)
    with only_writer(where, PLAN_FILE):
        keep_plan(plan, where)
        todo = list(missing_cells(where, architectures, seeds, plan.tasks))
        trained: Iterable[TabulationCell] = ()
        if todo and executor is not None and not executor.here:
            trained = _train_apart(plan, where.absolute(), todo, executor, workers)
        elif todo:
            trained = _train_all(plan, where, todo, workers)
        for done, cell in enumerate(trained, start=1):
            if on_cell is not None:
                on_cell(cell, done, len(todo))
    return [
        where / TabulationCell(architecture, seed).file_name
        for seed in seeds
        for architecture in architectures
    ]


def _train_all(
    plan: Tabulation, folder: Path, cells: Sequence[TabulationCell], workers: int
) -> Iterator[TabulationCell]:
    """Train cells in a pool of processes; yield them as they are done."""
    todo = deque(cells)
    train = partial(_train_cell, plan, folder)
    pool = worker_pool(workers, _PRELOADED)
    running: dict[Future[None], TabulationCell] = {}
    try:
        while todo or running:
            # No more than can run, so that it is known which did when a worker was killed.
            while todo and len(running) < workers:
                future = pool.submit(train, todo[0])
                running[future] = todo.popleft()
            ended, _ = wait(running, return_when=FIRST_COMPLETED)
            killed = [f for f in ended if isinstance(f.exception(), BrokenProcessPool)]
            for future in ended.difference(killed):
                future.result()
                yield running.pop(future)
            if killed:
                suspects = list(running.values())
                running.clear()
                yield from _train_apart(plan, folder, suspects, Processes(), 1)
                pool = worker_pool(workers, _PRELOADED)
    except BrokenProcessPool as error:
        raise RunError(
            f"A worker process died while it had nothing to do (killed?). What is finished is kept "
            f"in {folder}; run it again to go on."
        ) from error
    except BaseException:
        stop_pool(pool)
        raise
    pool.shutdown()


def _train_apart(
    plan: Tabulation,
    folder: Path,
    cells: Sequence[TabulationCell],
    executor: Executor,
    workers: int,
) -> Iterator[TabulationCell]:
    """Train cells, each kept apart from the others; record one that kills its process."""
    train = executor.calls(partial(_train_cell, plan, folder), modules=_PRELOADED)
    for number, outcome in train.calls(cells, workers=workers):
        if isinstance(outcome, Failure):
            if outcome.kind == "error":
                raise RunError(f"{cells[number].file_name}: {outcome.message}")
            failed = {"error": outcome.message, "device": plan.device, "history": []}
            write_cell(cells[number], dict.fromkeys(plan.tasks, failed), folder)
        yield cells[number]


@lru_cache(maxsize=1)
def _tabulator(plan: Tabulation) -> Tabulator:
    """Return the tabulator of a plan, which a worker keeps for the cells to come."""
    return Tabulator(plan)


def _train_cell(plan: Tabulation, folder: Path, cell: TabulationCell) -> None:
    _tabulator(plan).train_into(cell, folder)
