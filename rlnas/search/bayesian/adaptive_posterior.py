"""A posterior whose prior the target's own queries choose: how far to trust the sources.

Some targets follow their sources and some do not, and nobody can say beforehand which. So several
priors stand side by side, from one that takes the target for the sources' mean to one that goes by
operations alone, and the one under which the queries so far are most likely speaks (type-II
maximum likelihood: Rasmussen & Williams, Gaussian Processes for Machine Learning, section 5.4.1).
Only what was queried enters.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.posterior import Features, Floats, PosteriorConfig, TargetPosterior

PRIORS: tuple[PosteriorConfig, ...] = (
    PosteriorConfig(exploration=1.0),
    PosteriorConfig(length=2.0, noise=0.1, exploration=1.0),
    PosteriorConfig(smooth=1.0, exploration=1.0),
    PosteriorConfig(prior_mean=0.5, operations=1.0, exploration=1.0),
    PosteriorConfig(prior_mean=0.3, operations=0.6, noise=0.2, exploration=1.0),
    PosteriorConfig(prior_mean=0.0, linear=0.1, smooth=0.1, operations=1.0, exploration=1.0),
)
"""The priors that are compared, from trust in the sources to doubt; the first one speaks first.

They were put together on synthetic suites, some with a task unlike all others, and checked on
NAS-Bench-201.
"""

_FROM = 3
"""Queries from which on their likelihood chooses; fewer say next to nothing."""


class AdaptivePosterior:
    """Posteriors under several priors, of which the most likely one speaks.

    Args:
        features: What the priors read.
        priors: The priors, one or more; they must standardise scores alike, for their likelihoods
            are compared.

    Attributes:
        members: A posterior for each prior.
        speaker: The posterior that speaks now.

    Raises:
        InvalidArgumentError: If there is no prior, or scores are standardised in several ways.
    """

    def __init__(self, features: Features, priors: Sequence[PosteriorConfig] = PRIORS) -> None:
        if len({prior.scale for prior in priors}) != 1:
            raise InvalidArgumentError(
                f"{len(priors)} priors with the scales {sorted({p.scale for p in priors})}; "
                "expected one prior or more, all of one scale."
            )
        self.members = [TargetPosterior(features, prior) for prior in priors]
        self.speaker = self.members[0]

    @property
    def queried(self) -> list[int]:
        """Indices of the architectures observed, in order."""
        return self.speaker.queried

    @property
    def mean(self) -> Floats:
        """``(size,)`` predicted standardised scores."""
        return self.speaker.mean

    def observe(self, index: int, score: float) -> None:
        """Take in the score of one architecture; see `TargetPosterior.observe`."""
        for member in self.members:
            member.observe(index, score)
        if len(self.queried) >= _FROM:
            likelihoods = [member.log_likelihood() for member in self.members]
            self.speaker = self.members[int(np.argmax(likelihoods))]

    def targets(self) -> Floats:
        """Return the queried scores ``(T,)`` as they were standardised."""
        return self.speaker.targets()

    def worth(self) -> Floats:
        """Return how much a query of each architecture promises ``(size,)``; larger is better."""
        return self.speaker.worth()
