"""What a transfer matrix measures: its configuration, and the cells that follow from it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rlnas.agents import ControllerConfig, FineTuningConfig
from rlnas.benchmarks.column import SeedChoice, seed_choice
from rlnas.benchmarks.hostile import base_of, origin_of
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.plain import at_most, make_plain
from rlnas.runs.cell import ALL_TASKS, NO_SOURCE, OTHERS, RunCell
from rlnas.search.registry import SEARCHERS
from rlnas.transfer.matrix.trainings import Training, train_on
from rlnas.transfer.similarity.registry import estimator_needs

CELLS_TOGETHER = 64
"""Most cells that are searched together."""

FREE_SEEDS = 100
"""Searches of what costs next to nothing, at least: an opponent is not to be a matter of luck."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class MatrixConfig:
    """What a transfer matrix measures.

    Attributes:
        suite: Name of the suite of the targets.
        tasks: Tasks used as targets, and as sources too without ``source_suite``; empty means all.
        source_suite: Suite of the sources, if it is another one; on another search space its
            controllers must run there (a transformer). The sources of a hostile suite are the
            tasks of the suite that it is made of, and none is a source of what is made of it.
        source_tasks: Tasks of that suite used as sources; empty means all.
        methods: Transfer methods and searchers that do not learn, one matrix each. What starts from
            one source is measured from each; what starts from several from all but the target.
        prefer_others: Whether what can start from one source and from several is measured from
            several only; so only what cannot is measured from each source.
        options: Options of methods, by method and name; those that are not there are the defaults.
        seeds: Searches of each (source, controller, target, method), with seeds from ``seed`` on.
        free_seeds: Searches on each target of a searcher that neither learns nor has a source,
            which cost next to nothing. None for as many as ``seeds``, 100 at least.
        seed: First seed of the searches.
        controllers: Controllers trained on each source, alike but for their seeds. A method that
            starts from several sources is measured with the first controller of each, then with
            the second of each, and so on; what has no source is measured once.
        controller_seed: Seed of each source's first controller; the next ones follow it.
        table_seed: What sources and searches see where the suite's tables have several seeds, as in
            `load_suite`; the seeds they do not see judge what was found. Sources of another suite
            have its first.
        queries: Budget of each search on its target.
        steps: Environment steps of training on each source task.
        estimators: Estimators of task similarity (`rlnas.transfer.similarity`) to measure beside.
        probes: Target queries of each estimator.
        sources_together: Controllers trained in one batch. It is part of the plan, and not chosen
            by what is at hand, because the rounding of batched products depends on it a little: so
            the numbers are the same however many workers there are and however often a run is
            interrupted.
        controller: The controllers' configuration.
        fine_tuning: How methods that learn on the target do so.
        versions: The version of each method, see `rlnas.search.Searcher`; None: the registered
            ones. Empty for a run that was begun before versions were kept.
    """

    suite: str = "transnas-micro"
    tasks: tuple[str, ...] = ()
    source_suite: str | None = None
    source_tasks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("scratch", "zero-shot", "weight-init")
    prefer_others: bool = False
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    seeds: int = 5
    free_seeds: int | None = None
    seed: int = 0
    controllers: int = 1
    controller_seed: int = 0
    table_seed: SeedChoice = "first"
    queries: int = 50
    steps: int = 100_000
    estimators: tuple[str, ...] = ()
    probes: int = 10
    sources_together: int = 4
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    fine_tuning: FineTuningConfig = field(default_factory=FineTuningConfig)
    versions: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        object.__setattr__(self, "table_seed", seed_choice(self.table_seed, "table_seed"))
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise InvalidArgumentError(f"{name} is {value}; expected {least} or more.")
        at_most(self, seeds=10_000, queries=10**7, steps=10**12, probes=10**7)
        at_most(self, sources_together=1024, controllers=1000, free_seeds=10_000)
        at_most(self, seed=2**62, controller_seed=2**62)
        for name in _LISTS:
            if not all(isinstance(item, str) for item in getattr(self, name)):
                raise InvalidArgumentError(f"{name} are to be texts.")
        if self.source_suite is None and (base := base_of(self.suite)) is not None:
            object.__setattr__(self, "source_suite", base)
        if not self.methods:
            raise InvalidArgumentError("A matrix needs at least one method.")
        versions = registered_versions(self.methods)  # refuses names that are not registered
        begun = versions if self.versions is None else self.versions
        versions = {method: begun.get(method, number) for method, number in versions.items()}
        object.__setattr__(self, "versions", versions if begun else {})
        if others := [method for method in self.options if method not in self.methods]:
            raise UnknownNameError("method with options", others[0], self.methods)
        for name in ("tasks", "source_tasks", "methods", "estimators"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise InvalidArgumentError(f"{name} lists one twice: {', '.join(values)}.")
        for estimator in self.estimators:
            estimator_needs(estimator)
        if self.source_tasks and self.source_suite is None:
            raise InvalidArgumentError("source_tasks needs source_suite; tasks are both otherwise.")

    # -- cells -----------------------------------------------------------------------------

    def cells(self) -> list[RunCell]:
        """Return every cell, methods first, seeds last."""
        return [
            RunCell(method, source, target, seed, controller)
            for method in self.methods
            for source in self.sources_of(method)
            for controller in range(1 if source == NO_SOURCE else self.controllers)
            for target in self.tasks
            for seed in self.seeds_of(method)
            if source not in (OTHERS, self.origin(target)) or self.pool(source, target)
        ]

    def seeds_of(self, method: str) -> range:
        """Return the seeds of a method's searches of each source, controller and target."""
        free = max(self.seeds, FREE_SEEDS) if self.free_seeds is None else self.free_seeds
        count = self.seeds if SEARCHERS.get(method).takes else free
        return range(self.seed, self.seed + count)

    def sources_of(self, method: str) -> tuple[str, ...]:
        """Return what stands for the sources of a method, a row of its matrix each."""
        entry = SEARCHERS.get(method)
        rows: tuple[str, ...] = (NO_SOURCE,) if not entry.takes or "none" in entry.takes else ()
        several = "several" in entry.takes
        if "one" in entry.takes and not (several and self.prefer_others):
            rows += self.source_names
        if several:
            rows += (OTHERS,)
            if entry.oracle and self.source_suite is None:
                rows += (ALL_TASKS,)
        return rows

    @property
    def source_names(self) -> tuple[str, ...]:
        """The source tasks."""
        return self.tasks if self.source_suite is None else self.source_tasks

    def label(self, source: str) -> str:
        """Return a source's name in tables: with its suite where a target has the same short name.

        Such a source is another task; by the short name alone it would pass for its target.
        """
        same = self.source_suite is not None and source in self.source_names
        return f"{self.source_suite}/{source}" if same and source in self.tasks else source

    def pool(self, source: str, target: str) -> tuple[str, ...]:
        """Return the source tasks of a cell."""
        if source == NO_SOURCE:
            return ()
        if source == OTHERS and self.source_suite is None:
            return tuple(task for task in self.tasks if task != target)
        if source in (OTHERS, ALL_TASKS):
            return tuple(task for task in self.source_names if task != self.origin(target))
        return () if source == self.origin(target) else (source,)

    def origin(self, target: str) -> str | None:
        """Return the source task that a hostile target is made of, which gives it away; or None."""
        hostile = base_of(self.suite) == self.source_suite is not None
        return origin_of(target) if hostile else None

    def trainings_of(self, cell: RunCell) -> tuple[Training, ...]:
        """Return what has to be trained before a cell is searched."""
        tasks = self.pool(cell.source, cell.target)
        if not tasks:
            return ()
        several = cell.source in (OTHERS, ALL_TASKS)
        kind = SEARCHERS.get(cell.method).trained
        if not several and kind != "nothing":
            kind = "each"
        left_out = None
        if cell.source == OTHERS:
            left_out = cell.target if self.source_suite is None else self.origin(cell.target)
        return train_on(kind, tasks, left_out, cell.controller)

    def batches(self) -> list[tuple[Training, ...]]:
        """Return everything to train, in groups that are trained together."""
        needed = dict.fromkeys(t for cell in self.cells() for t in self.trainings_of(cell))
        if self.estimators:  # they ask the policies of all sources
            needed |= dict.fromkeys(train_on("each", self.source_names, None))

        def alike_in(t: Training) -> tuple[int, bool, str, int]:
            return t.controller, t.kind != "each", t.kind, len(t.tasks)

        return [
            chunk
            for _, alike in itertools.groupby(sorted(needed, key=alike_in), key=alike_in)
            for chunk in _chunks(tuple(alike), self.sources_together)
        ]

    def groups(self) -> list[tuple[RunCell, ...]]:
        """Return the cells in groups that are searched together: of one method and its sources."""

        def key(cell: RunCell) -> tuple[str, str, int, str]:
            # All but the target is something else for each target.
            target = cell.target if cell.source == OTHERS else ""
            return cell.method, cell.source, cell.controller, target

        return [
            chunk
            for _, group in itertools.groupby(self.cells(), key=key)
            for chunk in _chunks(tuple(group), CELLS_TOGETHER)
        ]

    # -- as a file -------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        tree = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, usual in (("prefer_others", False), ("table_seed", "first")):
            if tree[name] == usual:  # as what was written before there was a choice
                del tree[name]
        # Runs that were begun before methods had options go on.
        options = {
            method: {k: list(v) if isinstance(v, tuple) else v for k, v in own.items()}
            for method, own in tree.pop("options").items()
            if own
        }
        return tree | {
            **{name: list(tree[name]) for name in _LISTS},
            "controller": self.controller.to_dict(),
            "fine_tuning": dataclasses.asdict(self.fine_tuning),
            **({"options": options} if options else {}),
            # Runs that were begun before versions were kept go on without.
            "versions": dict(self.versions or {}),
        }

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> MatrixConfig:
        """Return the configuration that `to_dict` described."""
        return cls(
            **{
                # A run of before there was a choice has as many searches of every method.
                "free_seeds": tree["seeds"],
                "versions": {},
                **tree,
                **{name: tuple(tree.get(name, ())) for name in _LISTS},
                "controller": ControllerConfig.from_dict(tree["controller"]),
                # What was saved before there was a choice did not rehearse.
                "fine_tuning": FineTuningConfig(**{"rehearsal": "none", **tree["fine_tuning"]}),
            }
        )


_LEAST = {
    **dict.fromkeys(("seeds", "free_seeds", "controllers", "queries", "steps", "probes"), 1),
    **{"sources_together": 1, "seed": 0, "controller_seed": 0},
}
_LISTS = ("tasks", "source_tasks", "methods", "estimators")


def registered_versions(methods: Iterable[str]) -> dict[str, int]:
    """Return the version of each method as it is registered, see `rlnas.search.Searcher`."""
    return {method: SEARCHERS.get(method).version for method in methods}


def known_methods(*, controls: bool | None = None) -> tuple[str, ...]:
    """Return the names of all methods that a matrix may compare.

    Args:
        controls: Only those that nobody learnt, or only the others but for those that are measured
            where they are named (`Searcher.by_name`); None: all.
    """
    entries = {name: SEARCHERS.get(name) for name in SEARCHERS.names()}
    return tuple(
        name
        for name, entry in entries.items()
        if controls is None or (entry.control == controls and not entry.by_name)
    )


def _chunks(items: tuple[_Item, ...], size: int) -> Iterator[tuple[_Item, ...]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
