"""One search of a run: by which method, from which source, on which target, with which seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlnas.folders import inside

if TYPE_CHECKING:
    import pandas as pd

NO_SOURCE = "-"
"""Stands for the source of a method that has none."""

OTHERS = "others"
"""Stands for every source task but the target."""

ALL_TASKS = "all"
"""Stands for every task, the target among them: a bound, like a source that is its target."""


@dataclass(frozen=True, order=True)
class RunCell:
    """One search among those that a run compares.

    Attributes:
        method: Name of the transfer method or searcher.
        source: Source task, `NO_SOURCE`, `OTHERS` or `ALL_TASKS`.
        target: Target task.
        seed: Seed of the search.
        controller: Which of the controllers that were trained on its source, from 0; 0 where there
            is no source.
    """

    method: str
    source: str
    target: str
    seed: int
    controller: int = 0

    @property
    def path(self) -> Path:
        """Where its result lies in the run folder, whatever its names are."""
        pair = f"{self.source}--{self.target}"
        return inside("cells", self.method, pair, f"{self.name}.parquet")

    @property
    def name(self) -> str:
        """Name of the seed's file; that of the first controller says none, as ever."""
        name = f"seed-{self.seed}"
        return f"{name}-controller-{self.controller}" if self.controller else name

    @property
    def columns(self) -> dict[str, Any]:
        """What identifies the cell in a table, and among TensorBoard's hyperparameters."""
        return {
            "source": self.source,
            "target": self.target,
            "method": self.method,
            "controller": self.controller,
            "seed": self.seed,
        }


def with_controllers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return rows or curves with a column ``controller``: without one, all are of controller 0."""
    return frame if "controller" in frame else frame.assign(controller=0)


SourceKind = Literal["none", "single", "others", "own", "all"]


def source_kind(source: str, target: str) -> SourceKind:
    """Return what a source is to a target.

    ``own`` (the target itself) and ``all`` have seen the target: they are bounds, not results.
    """
    if source == NO_SOURCE:
        return "none"
    if source == OTHERS:
        return "others"
    if source == ALL_TASKS:
        return "all"
    return "own" if source == target else "single"


BASELINE = "scratch"
"""The method that every other one is compared with."""
