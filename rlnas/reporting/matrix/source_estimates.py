"""Estimates of task similarity as arrays, and the sources that they choose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.reporting.matrix.measured_sources import MeasuredSources

if TYPE_CHECKING:
    import pandas as pd

_NEEDED = ("estimator", "target", "source", "seed", "similarity")


@dataclass(frozen=True, eq=False)
class SourceEstimates:
    """The similarities that one estimator gave.

    Attributes:
        estimator: Its name.
        seeds: ``G`` seeds of the estimates.
        similarity: ``(G, T, S)`` by seed, target and source; larger is more similar; NaN where
            there is no estimate.
        measured: ``(T, S)`` what can be judged.
        queries: Mean queries of a target that an estimate took; NaN where not told.
    """

    estimator: str
    seeds: tuple[int, ...]
    similarity: NDArray[np.float64]
    measured: NDArray[np.bool_]
    queries: float

    @property
    def choice(self) -> NDArray[np.float64]:
        """``(G, T, S)`` probability of choosing each source: the most similar one.

        Ties are broken by chance, and without any estimate the choice is a random one.
        """
        usable = np.where(self.measured, self.similarity, np.nan)
        filled = np.where(np.isnan(usable), -np.inf, usable)
        best = filled.max(axis=-1, keepdims=True)
        none = np.isneginf(best)
        chosen = np.where(none, self.measured, (filled == best) & ~none)
        return np.asarray(chosen / chosen.sum(axis=-1, keepdims=True))


def estimates_of(estimates: pd.DataFrame, truth: MeasuredSources) -> Iterator[SourceEstimates]:
    """Yield every estimator's similarities on the measured targets.

    Args:
        estimates: estimator, target, source, seed, similarity, and queries where known.
        truth: What was measured.

    Raises:
        InvalidArgumentError: If a column is missing, a pair was estimated twice with one seed, or
            an estimator has none of the measured pairs.
    """
    if absent := [column for column in _NEEDED if column not in estimates]:
        raise InvalidArgumentError(
            f"The estimates lack the column {', '.join(absent)}; they have "
            f"{', '.join(map(str, estimates))}."
        )
    if estimates.duplicated(["estimator", "target", "source", "seed"]).any():
        raise InvalidArgumentError(
            "Some estimator has two similarities of one source, target and seed; expected one. "
            "Were two runs put together?"
        )
    target_at = {target: place for place, target in enumerate(truth.targets)}
    source_at = {source: place for place, source in enumerate(truth.sources)}
    for name, part in estimates.groupby("estimator", sort=False):
        seeds = {seed: place for place, seed in enumerate(part["seed"].unique())}
        similarity = np.full((len(seeds), *truth.measured.shape), np.nan)
        columns = (part[column] for column in ("seed", "target", "source", "similarity"))
        found = False
        for seed, target, source, value in zip(*columns, strict=True):
            if target in target_at and source in source_at:
                similarity[seeds[seed], target_at[target], source_at[source]] = value
                found = found or bool(truth.measured[target_at[target], source_at[source]])
        if not found:
            raise InvalidArgumentError(
                f"The estimator {name!r} has none of the measured pairs; its targets are "
                f"{', '.join(map(str, part['target'].unique()))}, those measured "
                f"{', '.join(truth.targets)}."
            )
        similarity = np.where(truth.measured, similarity, np.nan)
        queries = float(part["queries"].mean()) if "queries" in part else float("nan")
        yield SourceEstimates(str(name), tuple(seeds), similarity, truth.measured, queries)


def best_on_average(truth: MeasuredSources) -> NDArray[np.float64]:
    """Return ``(T, S)`` the mean gain of each source over the *other* targets.

    So it can be known before the target is: no result on the target itself is in it. NaN where a
    source was not measured, on this target or on any other.
    """
    gains = np.where(truth.measured, truth.gains, 0.0)
    total = gains.sum(axis=0) - gains
    count = truth.measured.sum(axis=0) - truth.measured.astype(np.int64)
    known = truth.measured & (count > 0)
    return np.where(known, total / np.maximum(count, 1), np.nan)
