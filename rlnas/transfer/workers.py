"""What a worker process of the transfer matrix does.

The process that hands the work out imports this module too, and needs no PyTorch for that.
"""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.search import Searcher, SearchResult
from rlnas.search.cell import NO_SOURCE, Cell
from rlnas.seeding import derive_seed
from rlnas.tasks import TabularTask
from rlnas.transfer.registry import make_method
from rlnas.transfer.run_folder import MatrixRun
from rlnas.transfer.tensorboard import log_search

if TYPE_CHECKING:
    from rlnas.agents import PPOController


@lru_cache(maxsize=1)
def _open(folder: str) -> MatrixRun:
    return MatrixRun.open(folder)


@lru_cache(maxsize=16)
def _controller(folder: str, source: str) -> PPOController:
    from rlnas.agents import PPOController

    return PPOController.load(Path(folder) / "sources" / source, space=_open(folder).suite.space)


def train_sources(folder: str, sources: tuple[str, ...], device: str) -> None:
    """Train the controllers of some sources in one batch and save them."""
    from rlnas.agents import PPOController

    run = _open(folder)
    events = [Path(folder, "tensorboard", "sources", source) for source in sources]
    for old in events:
        shutil.rmtree(old, ignore_errors=True)
    controllers = PPOController.train_many(
        [run.suite[source] for source in sources],
        run.config.steps,
        config=run.config.controller,
        device=device,
        log_dirs=events,
    )
    for source, controller in zip(sources, controllers, strict=True):
        controller.save(Path(folder) / "sources" / source, training_state=False)


def run_cells(folder: str, cells: tuple[Cell, ...]) -> dict[Cell, SearchResult]:
    """Run a group of cells that share source and method; return the results that were missing.

    Where the searches run side by side all of them run, even if only some are missing: then what
    an interrupted run finds does not depend on where it was interrupted.
    """
    run = _open(folder)
    method = _method(run, cells[0])
    missing = [cell for cell in cells if not run.is_done(cell)]
    found: dict[Cell, SearchResult] = {}
    for together in [cells] if method.side_by_side else [(cell,) for cell in missing]:
        tasks = [run.suite[cell.target] for cell in together]
        # Seeded by the pair too: were the starting points the same in every cell, their luck would
        # be shared and a mean over cells would look surer than it is.
        seeds = [derive_seed(cell.seed, cell.source, cell.target) for cell in together]
        results = method.search_many(tasks, run.config.queries, seeds)
        for cell, task, result in zip(together, tasks, results, strict=True):
            if cell in missing:
                _log(run.folder, task, cell, result)
                result.save(run.folder / cell.path)
                found[cell] = result
    return found


def _method(run: MatrixRun, cell: Cell) -> Searcher:
    config = run.config
    controller = None
    if cell.source != NO_SOURCE:
        controller = _controller(str(run.folder), cell.source)
    return make_method(cell.method, controller, config.controller, config.fine_tuning)


def _log(folder: Path, task: TabularTask, cell: Cell, result: SearchResult) -> None:
    name = f"{cell.method}/{cell.source}--{cell.target}/{cell.name}"
    events = folder / "tensorboard" / "cells" / name
    shutil.rmtree(events, ignore_errors=True)
    log_search(
        events,
        result,
        hyperparameters=cell.columns,
        task=task,
    )
