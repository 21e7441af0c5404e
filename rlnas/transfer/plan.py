"""What a transfer matrix measures: its configuration, and the cells that follow from it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

from rlnas.agents import ControllerConfig, FineTuningConfig
from rlnas.errors import InvalidArgumentError
from rlnas.search.cell import NO_SOURCE, Cell
from rlnas.transfer.registry import check_method, needs_source

CELLS_TOGETHER = 64
"""Most cells that are searched together."""

_Item = TypeVar("_Item")


@dataclass(frozen=True, kw_only=True)
class MatrixConfig:
    """What a transfer matrix measures.

    Attributes:
        suite: Name of the suite.
        tasks: Tasks used as sources and as targets; empty means all.
        methods: Transfer methods, one matrix each.
        seeds: Searches of each (source, target, method), seeds 0 … seeds−1.
        queries: Budget of each search on its target.
        steps: Environment steps of training on each source.
        sources_together: Sources trained in one batch. It is part of the plan, and not chosen by
            what is at hand, because the rounding of batched products depends on it a little: so
            the numbers are the same however many workers there are and however often a run is
            interrupted.
        controller: The controllers' configuration.
        fine_tuning: How methods that learn on the target do so.
    """

    suite: str = "transnas-micro"
    tasks: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("scratch", "zero-shot", "weight-init")
    seeds: int = 5
    queries: int = 50
    steps: int = 100_000
    sources_together: int = 4
    controller: ControllerConfig = field(default_factory=ControllerConfig)
    fine_tuning: FineTuningConfig = field(default_factory=FineTuningConfig)

    def __post_init__(self) -> None:
        for name in ("seeds", "queries", "steps", "sources_together"):
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name} is {getattr(self, name)}; expected 1 or more.")
        if not self.methods:
            raise InvalidArgumentError("A matrix needs at least one method.")
        for method in self.methods:
            check_method(method)
        for name in ("tasks", "methods"):
            values = getattr(self, name)
            if len(set(values)) != len(values):
                raise InvalidArgumentError(f"{name} lists one twice: {', '.join(values)}.")

    def cells(self) -> list[Cell]:
        """Return every cell, methods first, seeds last."""
        return [
            Cell(method, source, target, seed)
            for method in self.methods
            for source in (self.tasks if needs_source(method) else (NO_SOURCE,))
            for target in self.tasks
            for seed in range(self.seeds)
        ]

    def sources(self) -> tuple[str, ...]:
        """Return the tasks a controller is trained on."""
        return self.tasks if any(needs_source(m) for m in self.methods) else ()

    def batches(self) -> list[tuple[str, ...]]:
        """Return the sources, in groups that are trained together."""
        return list(_chunks(self.sources(), self.sources_together))

    def groups(self) -> list[tuple[Cell, ...]]:
        """Return the cells in groups that are searched together: of one method and source."""
        key = attrgetter("method", "source")
        return [
            chunk
            for _, group in itertools.groupby(self.cells(), key=key)
            for chunk in _chunks(tuple(group), CELLS_TOGETHER)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        tree = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return tree | {
            "tasks": list(self.tasks),
            "methods": list(self.methods),
            "controller": self.controller.to_dict(),
            "fine_tuning": dataclasses.asdict(self.fine_tuning),
        }

    @classmethod
    def from_dict(cls, tree: Mapping[str, Any]) -> MatrixConfig:
        """Return the configuration that `to_dict` described."""
        return cls(
            **{
                **tree,
                "tasks": tuple(tree["tasks"]),
                "methods": tuple(tree["methods"]),
                "controller": ControllerConfig.from_dict(tree["controller"]),
                "fine_tuning": FineTuningConfig(**tree["fine_tuning"]),
            }
        )


def _chunks(items: tuple[_Item, ...], size: int) -> Iterator[tuple[_Item, ...]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
