"""Run a transfer matrix: train each source once, then every cell, in parallel, resumably."""

from __future__ import annotations

import dataclasses
import logging
from concurrent.futures import BrokenExecutor
from pathlib import Path

from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.processes import Executor, Processes, stop_pool
from rlnas.run_folder import CONFIG, only_writer
from rlnas.runs.on_disk import Progress, no_progress
from rlnas.search.registry import SEARCHERS
from rlnas.transfer.matrix.config import MatrixConfig, registered_versions
from rlnas.transfer.matrix.cross_suite import check_source_suite
from rlnas.transfer.matrix.folder import MatrixRun
from rlnas.transfer.matrix.schedule import Schedule

_log = logging.getLogger("rlnas")

PRELOADED = ("rlnas.transfer.matrix.preload",)
"""What worker processes are forked with, see `rlnas.processes.prepare_workers`."""


def run_matrix(
    config: MatrixConfig,
    out: str | Path,
    *,
    workers: int = 2,
    device: str = "auto",
    executor: Executor | None = None,
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> MatrixRun:
    """Measure a transfer matrix.

    Every controller is trained once, several in one batch, and every (source, controller, target,
    method, seed) searched once, those of a source and method side by side, in ``workers``
    processes. A finished source is a finished folder and a finished cell a finished file, so an
    interrupted run goes on where it was, and its result does not depend on that.

    Args:
        config: What to measure. Where it leaves ``free_seeds`` open, a run that goes on has those
            that it was begun with, and its versions of methods.
        out: The run folder.
        workers: Number of processes, each with one thread.
        device: Where sources are trained: ``auto`` (the faster one, measured), ``cpu`` or ``cuda``.
            Searches run on the CPU, where their targets are.
        executor: Where the workers are; None for processes of this machine. Other machines have to
            see the run folder and the tables under the same paths.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as parts are finished.

    Returns:
        The finished run.

    Raises:
        InvalidArgumentError: If sources of another suite do not fit, see `check_source_suite`, or
            a method has no such option or value.
        RunError: If ``out`` holds something and ``resume`` is false, holds another configuration,
            cells are missing of a method that has another version now, or a worker died.
    """
    if workers < 1:
        raise InvalidArgumentError(f"workers is {workers}; expected 1 or more.")
    for method, options in config.options.items():
        SEARCHERS.get(method).check(options)
    # Fetches the table once, before the workers want it.
    suite = load_suite(config.suite, seed=config.table_seed)
    config = dataclasses.replace(config, tasks=suite.check(config.tasks) or tuple(suite))
    if config.source_suite is not None:
        sources = load_suite(config.source_suite)
        names = sources.check(config.source_tasks) or tuple(sources)
        config = dataclasses.replace(config, source_tasks=names)
        check_source_suite(config, suite.space, sources.space)
    if resume:
        config = _as_begun(config, Path(out))
    with only_writer(out):
        run = MatrixRun.begin(out, config, suite, resume=resume, command=command)
        pool = (executor or Processes()).pool(workers, PRELOADED)
        try:
            schedule = Schedule(run, device, on_progress or no_progress)
            schedule.run(pool)
        except BrokenExecutor as error:
            raise RunError(
                f"A worker process died (killed, or out of memory). What is finished is kept in "
                f"{out}; go on with resume=True, with fewer workers if memory "
                "was short."
            ) from error
        except BaseException:
            stop_pool(pool)
            raise
        pool.shutdown()
        run.write_tables(schedule.found)
    return run


def _as_begun(config: MatrixConfig, out: Path) -> MatrixConfig:
    """Return a configuration with what a run was begun with and nobody said otherwise.

    That is the number of free searches, and the versions of its methods.

    Raises:
        RunError: If cells are missing of a method that finds something else by now.
    """
    if not (out / CONFIG).exists():
        return config
    try:
        run = MatrixRun.open(out)
    except RunError:  # to begin in such a folder is refused in words of its own
        return config
    begun = run.config
    left = {cell.method for cell in run.missing()}
    now = registered_versions(method for method in begun.methods if method in left)
    if not begun.versions:
        if changed := [method for method, version in now.items() if version > 1]:
            _log.warning(
                "%s was begun before versions of methods were kept. If that was long ago, "
                "cells of %s may have been found by another version than the rest will be.",
                out,
                " and ".join(changed),
            )
    elif changed := [m for m, version in now.items() if begun.versions.get(m) != version]:
        told = [f"version {begun.versions.get(m)} of {m}, now {now[m]}" for m in changed]
        raise RunError(
            f"{out} was begun with {', '.join(told)}, which finds something else, and not all of "
            "its cells are done. Finish it with the rlnas that its versions.json names, or choose "
            "another folder."
        )
    free = begun.free_seeds if config.free_seeds is None else config.free_seeds
    return dataclasses.replace(config, free_seeds=free, versions=begun.versions)
