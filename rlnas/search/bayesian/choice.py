"""Which prior serves best, told by the sources alone: each in turn plays the target.

Nothing of the target enters, so the choice costs no query and leaks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.search.bayesian.posterior import Features, Floats, PosteriorConfig, TargetPosterior

CHECKPOINTS = (10, 20, 50)
"""Queries after which the rank of the best counts."""


def choose_prior(
    features: Features,
    scores: Floats,
    priors: Sequence[PosteriorConfig],
    *,
    checkpoints: Sequence[int] = CHECKPOINTS,
) -> PosteriorConfig:
    """Return the prior under which searches of the sources end best.

    Each source is searched with the others as its sources, by every prior. What counts is the sum
    over checkpoints of log₁₀ of the best rank, the mean over sources.

    Args:
        features: Of the sources, two or more.
        scores: ``(S, size)`` what was measured on them, NaN where nothing was; rows as in
            ``features``; sources that are not to play the target may be left out at the end.
        priors: The candidates, one or more; of equals the first.
        checkpoints: Queries after which ranks are taken.

    Returns:
        One of ``priors``; the first where there are fewer than two sources.
    """
    if len(priors) == 1 or features.scores.shape[1] < 2 or not len(scores):
        return priors[0]
    lost = np.zeros(len(priors))
    for number, measured in enumerate(scores):
        others = features.without(number)
        own = np.where(np.isnan(measured), np.nanmin(measured), measured)
        ordered = np.sort(-own)
        for place, prior in enumerate(priors):
            asked = replay(others, prior, own, max(checkpoints))
            best = np.maximum.accumulate(own[asked])
            at = [best[min(each, len(best)) - 1] for each in checkpoints]
            lost[place] += np.log10(np.searchsorted(ordered, -np.array(at)) + 1).sum()
    return priors[int(lost.argmin())]


def replay(
    features: Features, prior: PosteriorConfig, scores: Floats, queries: int
) -> NDArray[np.int64]:
    """Return what a search by one prior asks ``(queries,)``, of a table that is known.

    Args:
        features: Of its sources.
        prior: The prior.
        scores: ``(size,)`` the table, finite.
        queries: The budget.
    """
    posterior = TargetPosterior(features, prior)
    open_ = np.ones(len(scores), dtype=np.bool_)
    for _ in range(min(queries, len(scores))):
        if not open_.any():
            break
        worth = np.where(open_, posterior.worth(), -np.inf)
        index = int(worth.argmax())
        posterior.observe(index, float(scores[index]))
        open_[features.alike == features.alike[index]] = False
    return np.array(posterior.queried)
