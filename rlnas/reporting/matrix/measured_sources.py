"""What each source was worth on each target, as measured: the truth that similarities predict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.runs.cell import BASELINE, source_kind
from rlnas.seeding import generator
from rlnas.statistics.bootstrap import Bootstrap, resampled_rows
from rlnas.statistics.means import interquartile_mean, known_mean

if TYPE_CHECKING:
    import pandas as pd

_NEEDED = ("source", "target", "method", "seed", "rank")


@dataclass(frozen=True, eq=False)
class MeasuredSources:
    """The ranks that one method reached from each source on each target. The diagonal is left out.

    Attributes:
        targets: The targets.
        sources: The sources.
        ranks: ``(T, S, n)`` rank of the best by seed, NaN after the last seed and where a source
            was not measured.
        scratch: ``(T, m)`` likewise from scratch.
    """

    targets: tuple[str, ...]
    sources: tuple[str, ...]
    ranks: NDArray[np.float64]
    scratch: NDArray[np.float64]

    @classmethod
    def from_rows(cls, rows: pd.DataFrame, method: str) -> MeasuredSources:
        """Arrange the rows of a matrix.

        Args:
            rows: One row a search: source, target, method, seed, rank.
            method: The transfer method whose results count.

        Raises:
            InvalidArgumentError: If a column is missing, the method has no result from another
                task, or a target has no search from scratch.
            UnknownNameError: If the rows have no such method.
        """
        if absent := [column for column in _NEEDED if column not in rows]:
            raise InvalidArgumentError(
                f"The rows lack the column {', '.join(absent)}; they have "
                f"{', '.join(map(str, rows))}."
            )
        found: dict[tuple[str, str], list[float]] = {}
        base: dict[str, list[float]] = {}
        columns = (rows[name] for name in ("source", "target", "method", "rank"))
        for source, target, by, rank in zip(*columns, strict=True):
            if np.isnan(rank):
                continue
            if by == BASELINE:
                base.setdefault(target, []).append(rank)
            elif by == method and source_kind(source, target) == "single":
                found.setdefault((target, source), []).append(rank)
        if method not in set(rows["method"]):
            raise UnknownNameError("method", method, map(str, rows["method"].unique()))
        targets = tuple(dict.fromkeys(target for target, _ in found))
        sources = tuple(dict.fromkeys(source for _, source in found))
        if not found:
            raise InvalidArgumentError(
                f"The method {method!r} has no result from another single task; choosing a source "
                "is judged by a method that starts from one."
            )
        if bare := [target for target in targets if target not in base]:
            raise InvalidArgumentError(
                f"No {BASELINE} search on {', '.join(bare)}; include the method {BASELINE!r} in "
                "the matrix, since a gain is measured against it."
            )
        ranks = np.full((len(targets), len(sources), max(map(len, found.values()))), np.nan)
        for (target, source), values in found.items():
            ranks[targets.index(target), sources.index(source), : len(values)] = values
        scratch = np.full((len(targets), max(len(base[target]) for target in targets)), np.nan)
        for row, target in enumerate(targets):
            scratch[row, : len(base[target])] = base[target]
        return cls(targets, sources, ranks, scratch)

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """``(T, S)`` whether there is a result."""
        return np.asarray(~np.isnan(self.ranks[..., 0]))

    @cached_property
    def mean_ranks(self) -> NDArray[np.float64]:
        """``(T, S)`` mean rank over seeds."""
        return known_mean(self.ranks)

    @cached_property
    def gains(self) -> NDArray[np.float64]:
        """``(T, S)`` gains, see `gain_table`."""
        return gains_of(self.ranks, self.scratch)

    def resampled(self, bootstrap: Bootstrap) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean ranks and gains ``(resamples, T, S)`` with the seeds of each cell resampled.

        Args:
            bootstrap: How to resample.
        """
        rng = generator(bootstrap.seed, "gains")
        ranks, scratch = (
            resampled_rows(values, rng.random((bootstrap.resamples, *values.shape)))
            for values in (self.ranks, self.scratch)
        )
        return known_mean(ranks), gains_of(ranks, scratch)


def gain_table(rows: pd.DataFrame, method: str = "zero-shot") -> pd.DataFrame:
    """Return the measured gain of each source on each target.

    The gain is the interquartile mean of log10 rank from scratch less that of the method from the
    source: 1 is a rank ten times lower, and a negative one says that the source does harm.

    Args:
        rows: One row a search: source, target, method, seed, rank.
        method: The transfer method.

    Returns:
        One row a (source, target) of different tasks: ``source``, ``target``, ``n`` seeds,
        ``gain``, ``mean_rank``, and its ``place`` among the sources of the target by mean rank,
        from 1, the lowest of those that are equal.

    Raises:
        InvalidArgumentError: See `MeasuredSources.from_rows`.
        UnknownNameError: If the rows have no such method.
    """
    import pandas as pd

    measured = MeasuredSources.from_rows(rows, method)
    places = places_of(measured.mean_ranks)
    found = [
        {
            "source": measured.sources[s],
            "target": measured.targets[t],
            "n": int(np.count_nonzero(~np.isnan(measured.ranks[t, s]))),
            "gain": float(measured.gains[t, s]),
            "mean_rank": float(measured.mean_ranks[t, s]),
            "place": int(places[t, s]),
        }
        for t, s in np.argwhere(measured.measured)
    ]
    table: pd.DataFrame = pd.DataFrame(found)
    return table


def places_of(mean_ranks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each source's place among those of its target, from 1; NaN where not measured."""
    from scipy import stats

    known = ~np.isnan(mean_ranks)
    places = stats.rankdata(np.where(known, mean_ranks, np.inf), method="min", axis=-1)
    return np.where(known, places, np.nan)


def gains_of(ranks: NDArray[np.float64], scratch: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return gains ``(..., T, S)`` of ranks ``(..., T, S, n)`` over scratch ``(..., T, m)``."""
    base = interquartile_mean(np.log10(scratch), axis=-1)
    return np.asarray(base[..., None] - interquartile_mean(np.log10(ranks), axis=-1))
