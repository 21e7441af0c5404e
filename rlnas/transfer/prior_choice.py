"""Choose the prior of a target's posterior on the sources alone, leave one source out.

Every source in turn plays the target while the others are its sources; the prior with which such
searches find the best architectures is the one for the real target. Nothing of the target enters.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.spaces import SearchSpace
from rlnas.transfer.posterior import Features, PosteriorConfig, TargetPosterior

CHECKPOINTS = (10, 20, 50)
"""Queries after which a simulated search is judged."""

_SHAPES = (
    PosteriorConfig(),
    PosteriorConfig(length=2.0, noise=0.1),
    PosteriorConfig(smooth=1.0),
    PosteriorConfig(scale="rank-gaussian"),
    PosteriorConfig(scale="rank-gaussian", length=2.0, noise=0.1),
    PosteriorConfig(scale="rank-gaussian", smooth=1.0),
)

CANDIDATES: tuple[PosteriorConfig, ...] = tuple(
    dataclasses.replace(shape, exploration=exploration, prior_mean=mean)
    for shape, exploration, mean in itertools.product(_SHAPES, (None, 1.0), (0.5, 1.0))
)
"""The priors that are compared: how scores are scaled, how much a search explores, how far the
sources' mean is trusted, and how smoothly the target follows its sources."""


def choose_prior(
    space: SearchSpace,
    scores: NDArray[np.float64],
    candidates: Sequence[PosteriorConfig] = CANDIDATES,
    queries: int = CHECKPOINTS[-1],
) -> PosteriorConfig:
    """Return the prior that finds the best architectures of the sources from one another.

    Args:
        space: An indexable search space.
        scores: ``(S, space.size)`` scores of the sources, NaN where nothing was measured.
        candidates: The priors to choose from; the first wins a tie.
        queries: Budget of the simulated searches.

    Returns:
        The candidate with the lowest mean log10 rank over sources and checkpoints; the first one
        if there are fewer than two sources, which cannot predict one another.
    """
    if len(scores) < 2:
        return candidates[0]
    key = (space.name, np.asarray(scores).tobytes(), tuple(candidates), queries)
    if key not in _chosen:
        _chosen[key] = _choose(space, scores, candidates, queries)
    return _chosen[key]


_chosen: dict[object, PosteriorConfig] = {}
"""What was chosen: it takes seconds, and every search from the same sources asks for it."""


def _choose(
    space: SearchSpace,
    scores: NDArray[np.float64],
    candidates: Sequence[PosteriorConfig],
    queries: int,
) -> PosteriorConfig:
    losses = np.zeros(len(candidates))
    for held, target in enumerate(scores):
        features = Features(space, np.delete(scores, held, axis=0))
        for number, candidate in enumerate(candidates):
            losses[number] += _loss(TargetPosterior(features, candidate), target, queries)
    return candidates[int(losses.argmin())]


def _loss(posterior: TargetPosterior, target: NDArray[np.float64], queries: int) -> float:
    """Return the mean log10 rank at the checkpoints of a search that asks what promises most."""
    worst = np.nanmin(target)
    table = np.where(np.isnan(target), worst, target)
    open_ = np.ones(len(table), dtype=np.bool_)
    found = []
    for _ in range(min(queries, len(table))):
        index = int(np.where(open_, posterior.worth(), -np.inf).argmax())
        open_[index] = False
        posterior.observe(index, float(table[index]))
        found.append(table[index])
    best = np.maximum.accumulate(found)
    at = [best[min(c, len(best)) - 1] for c in CHECKPOINTS if c <= max(queries, CHECKPOINTS[0])]
    return float(np.mean([np.log10(1 + np.count_nonzero(table > score)) for score in at]))
