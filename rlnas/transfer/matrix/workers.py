"""What a worker process of the transfer matrix does.

The process that hands the work out imports this module too, and needs no PyTorch for that.
"""

from __future__ import annotations

from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlnas.folders import remove
from rlnas.runs.cell import RunCell, source_kind
from rlnas.search import Searcher, SearchResult, get_searcher
from rlnas.search.base import declared_bound
from rlnas.search.registry import SEARCHERS
from rlnas.seeding import derive_seed
from rlnas.transfer.matrix.folder import MatrixRun
from rlnas.transfer.matrix.trainings import Training, train_on
from rlnas.transfer.registry import MethodSettings, make_method
from rlnas.transfer.sources import Source, SourcePool

if TYPE_CHECKING:
    from rlnas.agents import PPOController, SharedController


@lru_cache(maxsize=1)
def _open(folder: str) -> MatrixRun:
    return MatrixRun.open(folder)


@lru_cache(maxsize=32)
def _controller(folder: str, training: Training) -> PPOController:
    from rlnas.agents import PPOController

    space = _open(folder).source_suite.space
    return PPOController.load(Path(folder) / training.path, space=space)


@lru_cache(maxsize=8)
def _shared(folder: str, training: Training) -> SharedController:
    from rlnas.agents import SharedController

    space = _open(folder).source_suite.space
    return SharedController.load(Path(folder) / training.path, space=space)


def train(folder: str, trainings: tuple[Training, ...], device: str) -> None:
    """Train some controllers of one kind in one batch and save them."""
    from rlnas.agents import PPOController, SharedController

    run = _open(folder)
    config, suite = run.config, run.source_suite
    events = [Path(folder, "tensorboard", training.path) for training in trainings]
    for old in events:
        remove(old, within=folder)
    tasks = [[suite[name] for name in training.tasks] for training in trainings]
    settings: dict[str, Any] = {
        "seeds": [config.controller_seed + training.controller for training in trainings],
        "config": config.controller,
        "device": device,
        "log_dirs": events,
    }
    paths = [Path(folder) / training.path for training in trainings]
    if trainings[0].kind == "shared":
        together = SharedController.train_many(tasks, config.steps, **settings)
        for path, shared in zip(paths, together, strict=True):
            shared.save(path)
        return
    if trainings[0].kind == "joint":
        plain = PPOController.train_many_jointly(tasks, config.steps, **settings)
    else:
        plain = PPOController.train_many([own[0] for own in tasks], config.steps, **settings)
    for path, controller in zip(paths, plain, strict=True):
        controller.save(path, training_state=False)


def run_cells(folder: str, cells: tuple[RunCell, ...]) -> dict[RunCell, SearchResult]:
    """Run a group of cells that share method and sources; return the results that were missing.

    Where the searches run side by side all of them run, even if only some are missing: then what
    an interrupted run finds does not depend on where it was interrupted.
    """
    run = _open(folder)
    method = _method(run, cells[0])
    missing = [cell for cell in cells if not run.is_done(cell)]
    found: dict[RunCell, SearchResult] = {}
    for together in [cells] if method.side_by_side else [(cell,) for cell in missing]:
        tasks = [run.suite[cell.target] for cell in together]
        # Seeded by the pair too: were the starting points the same in every cell, their luck would
        # be shared and a mean over cells would look surer than it is.
        seeds = [derive_seed(cell.seed, *_names(cell)) for cell in together]
        seen = any(source_kind(cell.source, cell.target) in ("own", "all") for cell in together)
        with declared_bound() if seen else nullcontext():
            results = method.search_many(tasks, run.config.queries, seeds)
        for cell, result in zip(together, results, strict=True):
            if cell in missing:
                run.log(cell, result)
                run.save(cell, result)
                found[cell] = result
    return found


def _names(cell: RunCell) -> tuple[str | int, ...]:
    """Return what a search's randomness is named by; of the first controller as it always was."""
    names = (cell.source, cell.target)
    return (*names, cell.controller) if cell.controller else names


def estimate(folder: str, target: str) -> None:
    """Estimate how similar every source is to a target, by every estimator, and save it.

    Estimators that ask policies ask those of each source's first controller.
    """
    from rlnas.benchmarks.proxies import load_proxies
    from rlnas.transfer.similarity.estimates import estimate_similarities
    from rlnas.transfer.similarity.registry import estimator_needs

    run = _open(folder)
    config = run.config
    sources = {
        training.name: Source(
            training.name, _controller(folder, training), run.source_suite[training.name]
        )
        for training in train_on("each", config.source_names, None)
    }
    proxies = None
    if any("proxies" in estimator_needs(name) for name in config.estimators):
        proxies = load_proxies(config.suite)
    frame = estimate_similarities(
        sources,
        {target: run.suite[target]},
        config.estimators,
        config.probes,
        config.seeds,
        proxies=proxies,
    )
    run.save_similarities(target, frame)


def _method(run: MatrixRun, cell: RunCell) -> Searcher:
    config = run.config
    options = config.options.get(cell.method, {})
    if not SEARCHERS.get(cell.method).takes:
        return get_searcher(cell.method, **options)
    settings = MethodSettings(config.controller, config.fine_tuning)
    return make_method(cell.method, _pool(run, cell), settings, **options)


def _pool(run: MatrixRun, cell: RunCell) -> SourcePool:
    """Return what a cell's method starts from."""
    folder, trainings = str(run.folder), run.config.trainings_of(cell)
    if not trainings:
        return SourcePool(_untrained(run, run.config.pool(cell.source, cell.target)))
    if trainings[0].kind == "joint":
        return SourcePool(joint=_controller(folder, trainings[0]))
    if trainings[0].kind == "shared":
        return SourcePool(shared=_shared(folder, trainings[0]))
    return SourcePool(
        tuple(
            Source(training.name, _controller(folder, training), run.source_suite[training.name])
            for training in trainings
        )
    )


def _untrained(run: MatrixRun, tasks: tuple[str, ...]) -> tuple[Source, ...]:
    """Return sources with their results and controllers that say what their build is, no more."""
    if not tasks:
        return ()
    from rlnas.agents import PPOController

    suite = run.source_suite
    controller = PPOController(suite.space, run.config.controller)
    return tuple(Source(task, controller, suite[task]) for task in tasks)
