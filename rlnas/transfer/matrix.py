"""Run a transfer matrix: train each source once, then every cell, in parallel, resumably."""

from __future__ import annotations

import itertools
import json
import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from importlib.metadata import version
from pathlib import Path

from rlnas.atomic import write_text
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.search.cell import Cell
from rlnas.transfer.plan import MatrixConfig
from rlnas.transfer.run_folder import MatrixRun
from rlnas.transfer.workers import run_cells, start_worker, train_source

Progress = Callable[[str, int, int], None]
"""Called with the stage (``train`` or ``search``), what is done of it and its total."""

_PACKAGES = ("rlnas", "torch", "stable-baselines3", "gymnasium", "numpy")


def run_matrix(
    config: MatrixConfig,
    out: str | Path,
    *,
    workers: int = 2,
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> MatrixRun:
    """Measure a transfer matrix.

    Every source is trained once and every (source, target, method, seed) searched once, in
    ``workers`` processes. A finished source is a finished folder and a finished cell a finished
    file, so an interrupted run goes on where it was, and its result does not depend on that.

    Args:
        config: What to measure.
        out: The run folder.
        workers: Number of processes, each with one thread.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as parts are finished.

    Returns:
        The finished run.

    Raises:
        RunError: If ``out`` holds something and ``resume`` is false, holds another configuration,
            or a worker died.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    suite = load_suite(config.suite)  # fetches the table once, before the workers want it
    tasks = suite.check(config.tasks) or tuple(suite)
    config = MatrixConfig(**{**vars(config), "tasks": tasks})
    run = _prepare(config, Path(out), resume, command)
    report = on_progress or (lambda stage, done, total: None)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)
    try:
        sources = config.sources()
        untrained = [s for s in sources if not (run.folder / "sources" / s).exists()]
        jobs = [pool.submit(train_source, str(run.folder), source) for source in untrained]
        _collect(jobs, "train", len(sources), report)
        cells = config.cells()
        groups = _groups(run.missing())
        jobs = [pool.submit(run_cells, str(run.folder), group) for group in groups]
        _collect(jobs, "search", len(cells), report, done=len(cells) - sum(map(len, groups)))
    except BrokenProcessPool as error:
        raise RunError(
            f"A worker process died (killed, or out of memory). What is finished is kept in {out}; "
            "go on with --resume, with fewer --workers if memory was short."
        ) from error
    except BaseException:
        _stop(pool)
        raise
    pool.shutdown()
    run.write_tables()
    return run


def _prepare(config: MatrixConfig, folder: Path, resume: bool, command: str) -> MatrixRun:
    """Make a new run folder, or open the one to go on with."""
    if folder.exists() and any(folder.iterdir()):
        if not resume:
            raise RunError(
                f"{folder} is not empty. Choose another --out, or go on with it by --resume."
            )
        run = MatrixRun.open(folder)
        old, new = run.config.to_dict(), config.to_dict()
        if different := [name for name in new if old.get(name) != new[name]]:
            raise RunError(
                f"{folder} was begun with other settings ({', '.join(different)} differ); resume "
                "with those in its config.json, or choose another --out."
            )
        return run
    folder.mkdir(parents=True, exist_ok=True)
    versions = {package: version(package) for package in _PACKAGES}
    write_text(folder / "versions.json", json.dumps(versions, indent=2))
    write_text(folder / "command.txt", command + "\n")
    # Last, because a folder with a configuration is a run that can be resumed.
    write_text(folder / "config.json", json.dumps({"matrix": config.to_dict()}, indent=2))
    return MatrixRun(folder, config)


def _groups(cells: Iterable[Cell]) -> list[tuple[Cell, ...]]:
    """Return the cells in groups that share all but the seed: one job each."""
    key = _without_seed
    return [tuple(group) for _, group in itertools.groupby(sorted(cells, key=key), key=key)]


def _without_seed(cell: Cell) -> tuple[str, str, str]:
    return cell.method, cell.source, cell.target


def _collect(
    jobs: list[Future[int]], stage: str, total: int, report: Progress, done: int | None = None
) -> None:
    """Wait for jobs that each return how much they have done, and report it."""
    finished = total - len(jobs) if done is None else done
    if total:
        report(stage, finished, total)
    for job in as_completed(jobs):
        finished += job.result()
        report(stage, finished, total)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the workers at once: what they were doing is not lost, only not begun again."""
    processes = list((getattr(pool, "_processes", None) or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
