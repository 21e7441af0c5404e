"""What a matrix compares: methods, each with what it starts from, which are never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rlnas.runs.cell import BASELINE, SourceKind, source_kind

if TYPE_CHECKING:
    import pandas as pd

BOUNDS: tuple[SourceKind, ...] = ("own", "all")
"""Kinds of source that have seen the target."""

TRANSFER: tuple[SourceKind, ...] = ("single", "others")
"""Kinds of source from which a result is transfer."""

IN_WORDS: Mapping[SourceKind, str] = {
    "none": "nothing",
    "single": "one other task",
    "others": "all other tasks",
    "own": "the target itself",
    "all": "all tasks",
}
"""What each kind of source is."""

RANDOM_LINE = "random, exact"
"""Name of the row of a table that says where random search ends, drawn by nobody."""

_ORDER: tuple[SourceKind, ...] = ("single", "others", "none", "own", "all")


@dataclass(frozen=True)
class Entrant:
    """A method with the kind of source that it starts from.

    Attributes:
        method: The method.
        kind: What its source is to the target.
    """

    method: str
    kind: SourceKind

    @property
    def label(self) -> str:
        """Name in a table or a figure; a lone name is a method from one other task, or none."""
        if self.kind in ("none", "single"):
            return self.method
        return f"{self.method} ({IN_WORDS[self.kind]})"

    @property
    def starts_from(self) -> str:
        """What it starts from, in words."""
        return IN_WORDS[self.kind] + (" (bound)" if self.kind in BOUNDS else "")

    @property
    def place(self) -> tuple[int, bool]:
        """Where it stands in a table: transfer, then without a source, then bounds."""
        return _ORDER.index(self.kind), self.method == BASELINE

    @property
    def transfers(self) -> bool:
        """Whether it starts from other tasks only, so that its result is transfer."""
        return self.kind in TRANSFER


def with_kinds(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of searches with a column ``sources``, the kind of each one's source."""
    # Curves have a row a query, and few pairs.
    number = frame.groupby(["source", "target"], sort=False).ngroup().to_numpy()
    pairs = frame[["source", "target"]].drop_duplicates()
    named = zip(pairs["source"], pairs["target"], strict=True)
    kinds = pairs.assign(sources=[source_kind(*pair) for pair in named])["sources"]
    told: pd.DataFrame = frame.assign(sources=kinds.array.take(number))
    return told


def entrants(frame: pd.DataFrame) -> dict[Entrant, pd.DataFrame]:
    """Return the rows of each entrant.

    Args:
        frame: source, target, method, and anything else; one row a search, or several.

    Returns:
        Transfer first, then methods without a source (scratch the last of them), then the bounds;
        methods in order of appearance.
    """
    groups: Any = with_kinds(frame).groupby(["method", "sources"], sort=False)
    found = {Entrant(str(method), kind): part for (method, kind), part in groups}
    return dict(sorted(found.items(), key=lambda item: item[0].place))


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows that name a method and the kind of its source in the order of `entrants`."""
    found = [Entrant(*each).place for each in zip(table["method"], table["sources"], strict=True)]
    ordered: pd.DataFrame = table.iloc[sorted(range(len(found)), key=found.__getitem__)]
    return ordered


def searchers_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """Return the methods without a source other than scratch: they neither learn nor transfer."""
    found = entrants(frame)
    return tuple(e.method for e in found if e.kind == "none" and e.method != BASELINE)
