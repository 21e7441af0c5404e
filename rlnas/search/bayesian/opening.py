"""The first queries, before the target has said anything: spread over what the sources like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlnas.search.bayesian.posterior import Features, Floats, PosteriorConfig
from rlnas.statistics.score_scales import log_rank

_TIE = 1e-9
"""Weight of the prior mean where nothing adds anything: of few sources the best are soon asked."""


class Opening:
    """A portfolio, built one query after the other.

    By the prior mean alone the first queries go to one end of a space, and are all bad where the
    target is like one source and not like their mean. Here each next query is the one that most
    lowers the mean, over the prior mean's order and the sources' orders, of log₁₀ of the best rank
    among what was queried. The prior mean has half of the weight.

    Args:
        features: Of the sources.
        prior: Whose prior mean is meant.
        weights: ``(S,)`` what each source counts, of sum 1; None for all alike.
    """

    def __init__(
        self, features: Features, prior: PosteriorConfig, weights: Floats | None = None
    ) -> None:
        count = features.scores.shape[1]
        orders = [features.prior_mean(prior, weights), *features.scores.T]
        self._ranks = np.stack([-log_rank(order) for order in orders])  # log₁₀, 0 is the best
        each = np.full(count, 1 / max(1, count)) if weights is None else weights
        self._weights = np.concatenate([[0.5], each / 2])

    def worth(self, queried: Sequence[int]) -> Floats:
        """Return what a query of each architecture adds ``(size,)``, larger is better.

        Args:
            queried: Indices of what was queried.
        """
        best = self._ranks[:, list(queried)].min(axis=1, initial=np.inf)
        left = self._weights @ np.minimum(best[:, None], self._ranks)
        return np.asarray(-left - _TIE * self._ranks[0])
