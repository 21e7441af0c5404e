"""Search a target from what pretrained controllers know, beside scratch and random search."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rlnas.benchmarks import load_suite
from rlnas.benchmarks.column import SeedChoice
from rlnas.run_folder import only_writer
from rlnas.runs.cell import NO_SOURCE, RunCell
from rlnas.runs.on_disk import Progress
from rlnas.runs.search_run import SearchPlan, SearchRun, run_searches
from rlnas.search import Searcher, get_searcher
from rlnas.tasks import Task
from rlnas.transfer.registry import MethodSettings, make_method, method_names
from rlnas.transfer.source_folders import LoadedSources, load_sources
from rlnas.transfer.sources import SourcePool

if TYPE_CHECKING:
    from rlnas.transfer.weights.carry import TensorReport

_log = logging.getLogger("rlnas")


def search_target(
    suite: str,
    task: str,
    sources: Sequence[str | Path] | LoadedSources,
    method: str = "zero-shot",
    *,
    out: str | Path,
    queries: int = 50,
    seeds: Sequence[int] = range(5),
    baselines: Sequence[str] = ("scratch", "random"),
    options: Mapping[str, Mapping[str, object]] | None = None,
    table_seed: SeedChoice = "first",
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> SearchRun:
    """Search a task of a suite by a transfer method, and what it is compared with, resumably.

    With several sources, a method that starts from several gets them all at once; any other is run
    from each by itself.

    Args:
        suite: Name of the target's suite.
        task: The target task.
        sources: Folders that `train_controller` or ``rlnas train`` wrote, or checkpoints; or what
            `load_sources` made of them.
        method: Name of the transfer method.
        out: The run folder; each finished search is a finished file in it.
        queries: Budget of each search.
        seeds: Seeds of each search.
        baselines: What to compare with at the same budget: ``scratch``, any searcher.
        options: Options of the method and the baselines, by name.
        table_seed: What searches see where the target's table has several seeds, see `load_suite`.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as searches are finished; the stage is ``search``.

    Returns:
        The finished run, its tables and TensorBoard curves written.

    Raises:
        UnknownNameError: If there is no such suite, task, method or baseline.
        CheckpointError: If a folder holds no checkpoint.
        InvalidArgumentError: If the method uses no source, or not this kind.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    own = options or {}
    loaded = sources if isinstance(sources, LoadedSources) else load_sources(sources, method)
    targets = load_suite(suite, seed=table_seed)
    targets.check([task])
    for label, names in loaded.tasks.items():
        if targets[task].name in names:
            _log.info("Note: the source %s was trained on the target itself.", label)
    if len(loaded.pools) > 1:
        labels = ", ".join(loaded.pools)
        _log.info("%d sources, each run by itself: %s.", len(loaded.pools), labels)
    # An unknown name or a wrong option is said before anything is written.
    for cell in (
        *(RunCell(method, source, task, 0) for source in loaded.pools),
        *(RunCell(baseline, NO_SOURCE, task, 0) for baseline in baselines),
    ):
        _searcher(cell, loaded, own)
    plan = SearchPlan(
        suite=suite,
        tasks=(task,),
        searchers=(
            *((method, source) for source in loaded.pools),
            *((baseline, NO_SOURCE) for baseline in baselines),
        ),
        seeds=seeds,
        queries=queries,
        checkpoints=loaded.checkpoints,
        options=own,
        table_seed=table_seed,
    )
    with only_writer(out):
        run = SearchRun.begin(out, plan, targets, resume=resume, command=command)
        run_searches(
            run,
            lambda cell: _searcher(cell, loaded, own),
            tensorboard=True,
            on_progress=on_progress,
        )
    return run


def initialised_tensors(
    sources: LoadedSources, method: str, task: Task, seed: int = 0, **options: object
) -> dict[str, list[TensorReport]]:
    """Return what becomes of each tensor of each source, for methods that copy weights.

    Args:
        sources: The sources.
        method: Name of the transfer method; what copies no weights has no tensors.
        task: The target.
        seed: Seed of the weights that begin anew.
        options: Options of the method.
    """
    from rlnas.transfer.methods import WeightInitialization

    found: dict[str, list[TensorReport]] = {}
    for source, pool in sources.pools.items():
        searcher, found[source] = make_method(method, pool, None, **options), []
        if isinstance(searcher, WeightInitialization):
            searcher.initialise(task.space, seed)
            found[source] = list(searcher.report)
    return found


def _searcher(
    cell: RunCell, sources: LoadedSources, options: Mapping[str, Mapping[str, object]]
) -> Searcher:
    settings, own = MethodSettings(controller=sources.config), options.get(cell.method, {})
    if cell.source != NO_SOURCE:
        return make_method(cell.method, sources.pools[cell.source], settings, **own)
    if cell.method in method_names():
        return make_method(cell.method, SourcePool(), settings, **own)
    return get_searcher(cell.method, **own)
