"""What a worker process of the transfer matrix does."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from functools import lru_cache
from multiprocessing.connection import wait
from pathlib import Path

import torch

from rlnas.agents import PPOController
from rlnas.search import SearchResult
from rlnas.search.cell import NO_SOURCE, Cell
from rlnas.seeding import derive_seed
from rlnas.tasks import TabularTask
from rlnas.transfer.registry import make_method
from rlnas.transfer.run_folder import MatrixRun
from rlnas.transfer.tensorboard import log_search


def start_worker() -> None:
    """Use one thread, and end when the parent process does, even if that was killed."""
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel

        def end_with_parent() -> None:
            wait([sentinel])
            os._exit(1)

        threading.Thread(target=end_with_parent, daemon=True).start()


@lru_cache(maxsize=1)
def _open(folder: str) -> MatrixRun:
    return MatrixRun.open(folder)


@lru_cache(maxsize=16)
def _controller(folder: str, source: str) -> PPOController:
    return PPOController.load(Path(folder) / "sources" / source, space=_open(folder).suite.space)


def train_source(folder: str, source: str) -> int:
    """Train the controller of one source and save it; return 1."""
    run = _open(folder)
    events = Path(folder, "tensorboard", "sources", source)
    shutil.rmtree(events, ignore_errors=True)
    controller = PPOController.train(
        run.suite[source],
        run.config.steps,
        seed=0,
        config=run.config.controller,
        device="cpu",
        log_dir=events,
    )
    controller.save(Path(folder) / "sources" / source, training_state=False)
    return 1


def run_cells(folder: str, cells: tuple[Cell, ...]) -> int:
    """Run cells that share source, target and method; return how many."""
    run = _open(folder)
    for cell in cells:
        result = _search(run, cell)
        _log(run.folder, run.suite[cell.target], cell, result)
        result.save(run.folder / cell.path)
    return len(cells)


def _search(run: MatrixRun, cell: Cell) -> SearchResult:
    config = run.config
    controller = None
    if cell.source != NO_SOURCE:
        controller = _controller(str(run.folder), cell.source)
    method = make_method(cell.method, controller, config.controller, config.fine_tuning)
    # Seeded by the pair too: were the starting points the same in every cell, their luck would be
    # shared and a mean over cells would look surer than it is.
    seed = derive_seed(cell.seed, cell.source, cell.target)
    return method.search(run.suite[cell.target], config.queries, seed=seed)


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
