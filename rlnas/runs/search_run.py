"""Searches on the tasks of a suite, in a run folder: what ``rlnas search`` and ``transfer`` do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rlnas.benchmarks import load_suite
from rlnas.benchmarks.column import SeedChoice, seed_choice
from rlnas.errors import InvalidArgumentError
from rlnas.plain import at_most, make_plain, whole
from rlnas.run_folder import only_writer
from rlnas.runs.cell import NO_SOURCE, RunCell
from rlnas.runs.limits import limit_suite
from rlnas.runs.on_disk import Progress, SearchesOnDisk, no_progress
from rlnas.runs.suite_examples import give_examples
from rlnas.search import Searcher, get_searcher
from rlnas.search.registry import SEARCHERS

_MOST_SEEDS = 10_000
_log = logging.getLogger("rlnas")


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """What a search run measures.

    Attributes:
        suite: Name of the suite.
        tasks: Target tasks.
        searchers: Pairs of a method and its source, which is `NO_SOURCE` where it has none.
        seeds: Seeds of each search.
        queries: Budget of each search.
        checkpoints: Checkpoint folder of each source, by source.
        options: Options of searchers, by method; those not named have their defaults.
        table_seed: What searches see where the suite's tables have several seeds, as in
            `load_suite`; the seeds they do not see judge what was found.
        limits: The most of each cost that architectures may have, by name; see
            `rlnas.runs.limits.limit_suite`.
    """

    suite: str
    tasks: tuple[str, ...]
    searchers: tuple[tuple[str, str], ...]
    seeds: Sequence[int]
    queries: int
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    table_seed: SeedChoice = "first"
    limits: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        make_plain(self)
        object.__setattr__(self, "table_seed", seed_choice(self.table_seed, "table_seed"))
        if self.queries < 1:
            raise InvalidArgumentError(f"queries is {self.queries}; expected 1 or more.")
        at_most(self, queries=10**7)
        if self.seeds[_MOST_SEEDS:]:  # len() of a range may not even be told
            raise InvalidArgumentError(f"seeds are more than {_MOST_SEEDS:,}; expected fewer.")
        object.__setattr__(self, "seeds", tuple(whole(seed, "seed") for seed in self.seeds))
        names = (*self.tasks, *(name for pair in self.searchers for name in pair))
        if not all(isinstance(name, str) for name in names):
            raise InvalidArgumentError("tasks and searchers are to be texts.")
        if not self.seeds:
            raise InvalidArgumentError("seeds is 0; expected 1 or more.")
        if min(self.seeds) < 0:
            raise InvalidArgumentError(f"seed is {min(self.seeds)}; expected 0 or more.")
        if not self.tasks or not self.searchers:
            raise InvalidArgumentError("A search run needs a task and a searcher at least.")
        for what, values in (("tasks", self.tasks), ("searchers", self.searchers)):
            if len(set(values)) != len(values):
                raise InvalidArgumentError(f"The {what} list one twice: {values}.")

    def cells(self) -> list[RunCell]:
        """Return every search, methods first, seeds last."""
        return [
            RunCell(method, source, task, seed)
            for method, source in self.searchers
            for task in self.tasks
            for seed in self.seeds
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        tree = asdict(self)
        if not self.options:  # as what was written before there were any
            del tree["options"]
        if self.table_seed == "first":
            del tree["table_seed"]
        if not self.limits:
            del tree["limits"]
        return tree

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> SearchPlan:
        """Return the plan that `to_dict` described."""
        return cls(
            suite=tree["suite"],
            tasks=tuple(tree["tasks"]),
            searchers=tuple((method, source) for method, source in tree["searchers"]),
            seeds=tuple(tree["seeds"]),
            queries=tree["queries"],
            checkpoints=tree["checkpoints"],
            options=tree.get("options", {}),
            table_seed=tree.get("table_seed", "first"),
            limits=tree.get("limits", {}),
        )


class SearchRun(SearchesOnDisk[SearchPlan]):
    """Searches on the tasks of a suite on disk, see `SearchesOnDisk`."""

    kind = "search"

    @classmethod
    def read_plan(cls, settings: Mapping[str, Any]) -> SearchPlan:
        """Return what the searches measure."""
        return SearchPlan.from_dict(settings)


def search_suite(
    suite: str,
    tasks: Sequence[str] = (),
    searchers: Sequence[str] = ("regularised-evolution",),
    *,
    out: str | Path,
    queries: int = 50,
    seeds: Sequence[int] = range(5),
    options: Mapping[str, Mapping[str, object]] | None = None,
    table_seed: SeedChoice = "first",
    limits: Mapping[str, float] | None = None,
    tensorboard: bool = False,
    resume: bool = False,
    command: str = "",
    on_progress: Progress | None = None,
) -> SearchRun:
    """Search tasks of a suite with several searchers and seeds, resumably.

    Args:
        suite: Name of the suite.
        tasks: Its tasks; none means all.
        searchers: Names of searchers.
        out: The run folder; each finished search is a finished file in it.
        queries: Budget of each search.
        seeds: Seeds of each search.
        options: Options of searchers by name, e.g. ``{"local": {"improvement": "best"}}``.
        table_seed: What searches see where the suite's tables have several seeds, see `load_suite`.
        limits: The most of each cost that architectures may have, e.g. ``{"macs": 1e6}``; what
            costs more is passed by, free of a query. See `rlnas.runs.limits.limit_suite`.
        tensorboard: Whether to write TensorBoard curves too.
        resume: Go on with the run in ``out`` if there is one.
        command: The command line, kept in the folder.
        on_progress: Called as searches are finished; the stage is ``search``.

    Returns:
        The finished run, its tables written.

    Raises:
        UnknownNameError: If there is no such suite, task or searcher.
        InvalidArgumentError: If a number is out of range, a name is there twice, or the tables have
            no such seed.
        RunError: If ``out`` holds something and ``resume`` is false, or another run.
    """
    own = options or {}
    for searcher in searchers:  # a wrong name is said before anything is loaded or written
        get_searcher(searcher, **own.get(searcher, {}))
    loaded = load_suite(suite, seed=table_seed)
    plan = SearchPlan(
        suite=suite,
        tasks=loaded.check(tasks) or tuple(loaded),
        searchers=tuple((name, NO_SOURCE) for name in searchers),
        seeds=seeds,
        queries=queries,
        options=own,
        table_seed=table_seed,
        limits=dict(limits or {}),
    )
    limit_suite(loaded, suite, plan.limits)
    if any(SEARCHERS.get(searcher).trains for searcher in searchers):
        give_examples(loaded, suite, plan.tasks)
    with only_writer(out):
        run = SearchRun.begin(out, plan, loaded, resume=resume, command=command)
        run_searches(
            run,
            lambda cell: get_searcher(cell.method, **own.get(cell.method, {})),
            tensorboard=tensorboard,
            on_progress=on_progress,
        )
    return run


def run_searches(
    run: SearchRun,
    make_searcher: Callable[[RunCell], Searcher],
    *,
    tensorboard: bool = False,
    on_progress: Progress | None = None,
) -> None:
    """Run the searches that have no result yet, and write the tables.

    Args:
        run: The run folder.
        make_searcher: Returns the searcher of a cell.
        tensorboard: Whether to write event files.
        on_progress: Called as searches are finished; the stage is ``search``.
    """
    report = on_progress or no_progress
    total, missing = len(run.parts()), run.missing()
    if len(missing) < total:
        _log.info("%d of %d searches were finished before.", total - len(missing), total)
    report("search", total - len(missing), total)
    for done, cell in enumerate(missing, start=total - len(missing) + 1):
        task = run.suite[cell.target]
        result = make_searcher(cell).search(task, run.plan.queries, seed=cell.seed)
        if tensorboard:
            run.log(cell, result)
        # Last, because a finished search is a finished file.
        run.save(cell, result)
        report("search", done, total)
    run.write_tables()
