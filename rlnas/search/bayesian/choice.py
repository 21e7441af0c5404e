"""Which prior serves best, told by the sources alone: each in turn plays the target.

Nothing of the target enters, so the choice costs no query and leaks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rlnas.search.bayesian.opening import Opening
from rlnas.search.bayesian.posterior import Features, Floats, PosteriorConfig, TargetPosterior
from rlnas.seeding import generator

CHECKPOINTS = (10, 20, 50)
"""Queries after which the rank of the best counts."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What a search believes, and how it begins.

    Attributes:
        prior: The prior.
        opening: First queries that are spread over the sources, see `Opening`; 0 or more.
    """

    prior: PosteriorConfig = field(default_factory=PosteriorConfig)
    opening: int = 0


def draw_weights(sources: int, jitter: float, rng: np.random.Generator) -> Floats | None:
    """Return what each source counts in the prior mean ``(S,)``, of sum 1; None for all alike.

    Args:
        sources: Their number.
        jitter: Variance of the Dirichlet distribution against 1 over the sources alike, 0 or more.
        rng: Source of the draw; not used without jitter or with fewer than two sources.
    """
    return rng.dirichlet(np.full(sources, 1 / jitter)) if jitter and sources > 1 else None


def choose_candidate(
    features: Features,
    scores: Floats,
    candidates: Sequence[Candidate],
    *,
    starts: int = 1,
    jitter: float = 0.0,
    checkpoints: Sequence[int] = CHECKPOINTS,
) -> Candidate:
    """Return the candidate under which searches of the sources end best.

    Each source is searched with the others as its sources, by every candidate. What counts is the
    sum over checkpoints of log₁₀ of the best rank, the mean over sources and starts. One search is
    a lottery ticket, so there may be several starts.

    Args:
        features: Of the sources, two or more.
        scores: ``(S, size)`` what was measured on them, NaN where nothing was; rows as in
            ``features``; sources that are not to play the target may be left out at the end.
        candidates: One or more; of equals the first.
        starts: Searches of each source, 1 or more, which differ in how they weigh the others.
        jitter: How much they differ, see `draw_weights`; without it there is one start.
        checkpoints: Queries after which ranks are taken.

    Returns:
        One of ``candidates``; the first where there are fewer than two sources.
    """
    if len(candidates) == 1 or features.scores.shape[1] < 2 or not len(scores):
        return candidates[0]
    tables = [np.where(np.isnan(each), np.nanmin(each), each) for each in scores]
    lost = np.zeros(len(candidates))
    for number, table in enumerate(tables):
        others = features.without(number)
        ordered = np.sort(-table)
        for start in range(starts if jitter else 1):
            rng = generator(0, "choose", number, start)
            weights = draw_weights(others.scores.shape[1], jitter, rng)
            for place, candidate in enumerate(candidates):
                asked = replay(others, candidate, table, max(checkpoints), weights)
                best = np.maximum.accumulate(table[asked])
                at = [best[min(each, len(best)) - 1] for each in checkpoints]
                lost[place] += np.log10(np.searchsorted(ordered, -np.array(at)) + 1).sum()
    return candidates[int(lost.argmin())]


def replay(
    features: Features,
    candidate: Candidate,
    scores: Floats,
    queries: int,
    weights: Floats | None = None,
) -> NDArray[np.int64]:
    """Return what a search by one candidate asks ``(queries,)``, of a table that is known.

    Args:
        features: Of its sources.
        candidate: What it believes, and how it begins.
        scores: ``(size,)`` the table, finite.
        queries: The budget.
        weights: ``(S,)`` what each source counts in the prior mean, of sum 1; None for all alike.
    """
    posterior = TargetPosterior(features, candidate.prior, weights)
    opening = Opening(features, candidate.prior, weights) if candidate.opening else None
    open_ = np.ones(len(scores), dtype=np.bool_)
    for number in range(min(queries, len(scores))):
        if not open_.any():
            break
        worth = posterior.worth()
        if opening is not None and number < candidate.opening:
            worth = opening.worth(posterior.queried)
        index = int(np.where(open_, worth, -np.inf).argmax())
        posterior.observe(index, float(scores[index]))
        open_[features.alike == features.alike[index]] = False
    return np.array(posterior.queried)
