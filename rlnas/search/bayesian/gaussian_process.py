"""A Gaussian process without sources: the house's posterior, told by a kernel alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from rlnas.search.bayesian.posterior import PosteriorConfig, TargetPosterior
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.search.bayesian.surrogate import Floats, Ints, Prediction, Surrogate, is_listed
from rlnas.spaces import Architecture, CellSpace, SearchSpace
from rlnas.spaces.paths import path_counts
from rlnas.statistics.score_scales import robust

Kernel = Literal["structure", "operations"]

NOISES = (0.05, 0.2, 0.6)
"""Variances of the noise among which the likelihood chooses, of standardised scores."""

_BASE = PosteriorConfig(constant=1.0, linear=0.0, smooth=0.0, operations=0.0, structure=1.0)
_MOST_ROWS = 1_000
_SLACK = 1e-9
"""Added to variances, which rounding may take below 0."""


class KernelPrior:
    """What a `TargetPosterior` reads where nothing but a kernel is known.

    Args:
        size: Number of architectures.
        row: From the number of one to its correlations ``(size,)`` with all.
    """

    def __init__(self, size: int, row: Callable[[int], Floats]) -> None:
        self.size = size
        self._row = row
        self._rows: dict[int, Floats] = {}

    def prior_mean(self, config: PosteriorConfig, weights: Floats | None = None) -> Floats:
        """Return zeros ``(size,)``."""
        return np.zeros(self.size)

    def variance(self, config: PosteriorConfig) -> Floats:
        """Return the prior variance ``(size,)``."""
        return np.full(self.size, config.constant + config.structure)

    def covariance(self, index: int, config: PosteriorConfig) -> Floats:
        """Return the prior covariance ``(size,)`` of all with one."""
        if index not in self._rows:
            if len(self._rows) >= _MOST_ROWS:
                self._rows.clear()
            self._rows[index] = self._row(index)
        return np.asarray(config.constant + config.structure * self._rows[index])


class GaussianProcess(Surrogate):
    """A Gaussian process whose noise is chosen by marginal likelihood.

    It is the posterior of `rlnas.search.bayesian.posterior` with a prior mean of zero. Over a space
    that is listed it takes in one query after the other; elsewhere it is made anew over what was
    queried and what is to be predicted.

    Args:
        space: The search space.
        rng: Not used; nothing is random.
        kernel: ``structure``: by the paths through a cell, see
            `rlnas.search.bayesian.structure.PathKernel`, or what fits another space;
            ``operations``: ``exp(−d / 2)`` where ``d`` one-hot positions differ.
    """

    def __init__(
        self, space: SearchSpace, rng: np.random.Generator, kernel: Kernel = "structure"
    ) -> None:
        super().__init__(space, rng)
        self._kernel = kernel
        self._members: list[TargetPosterior] = []
        self._vectors: Architecture = np.zeros((0, space.num_positions), dtype=np.int8)
        self._scores: Floats = np.zeros(0)

    def fit(self, vectors: Architecture, scores: Floats) -> None:
        """See `Surrogate.fit`."""
        self._vectors, self._scores = vectors, scores
        if not is_listed(self.space):
            return
        if not self._members:
            self._members = self._bank(self._prior(self.space.arrays))
        indices = self.space.index(vectors).tolist()
        for member in self._members:
            same = 0
            for known, asked in zip(
                zip(member.queried, member.observed.tolist(), strict=True),
                zip(indices, scores.tolist(), strict=True),
                strict=False,
            ):
                if known != asked:
                    break
                same += 1
            member.forget(same)
            for index, score in zip(indices[same:], scores[same:].tolist(), strict=True):
                member.observe(index, score)

    def predict(self, vectors: Architecture) -> Prediction:
        """See `Surrogate.predict`."""
        if is_listed(self.space):
            likeliest = max(self._members, key=TargetPosterior.log_likelihood)
            rows = self.space.index(vectors)
        else:
            members = self._bank(self._prior(np.concatenate([self._vectors, vectors])))
            for member in members:
                for number, score in enumerate(self._scores.tolist()):
                    member.observe(number, score)
            likeliest = max(members, key=TargetPosterior.log_likelihood)
            rows = np.arange(len(self._vectors), len(self._vectors) + len(vectors))
        return Prediction(likeliest.mean[rows], np.square(likeliest.deviation[rows]))

    def cross_validated(self, vectors: Architecture, scores: Floats, folds: Ints) -> Floats:
        """See `Surrogate.cross_validated`; exact, from one inverse of the covariance.

        Source: Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, section 5.4.2,
        with a block for each fold.
        """
        from scipy.linalg import cho_factor, cho_solve

        covariance, targets = self._among(vectors), robust(scores)
        best, likeliest = -np.inf, None
        for noise in NOISES:
            noisy = covariance + (noise + _SLACK) * np.eye(len(vectors))
            factor = cho_factor(noisy, lower=True, overwrite_a=True, check_finite=False)
            weights = cho_solve(factor, targets, check_finite=False)
            likelihood = float(-2 * np.log(np.diag(factor[0])).sum() - targets @ weights)
            if likelihood > best:
                best, likeliest = likelihood, factor
        inverse = cho_solve(likeliest, np.eye(len(vectors)), check_finite=False)
        weights = inverse @ targets
        predicted: Floats = targets.copy()
        for fold in np.unique(folds):
            out = np.flatnonzero(folds == fold)
            predicted[out] -= np.linalg.solve(inverse[np.ix_(out, out)], weights[out])
        return np.asarray(predicted)

    def _among(self, vectors: Architecture) -> Floats:
        """Return the prior covariance ``(n, n)`` of some architectures, noise left out."""
        if self._kernel == "structure" and is_listed(self.space):
            rows = self.space.index(vectors)
            correlations = structure_kernel(self.space)(rows, rows)
            return np.asarray(_BASE.constant + _BASE.structure * correlations)
        prior = self._prior(vectors)
        return np.stack([prior.covariance(i, _BASE) for i in range(len(vectors))])

    def _bank(self, prior: KernelPrior) -> list[TargetPosterior]:
        return [TargetPosterior(prior, replace(_BASE, noise=noise)) for noise in NOISES]

    def _prior(self, vectors: Architecture) -> KernelPrior:
        whole = is_listed(self.space) and vectors is self.space.arrays
        everything = np.arange(len(vectors))
        if self._kernel == "operations":
            return KernelPrior(
                len(vectors), lambda i: np.exp(-(vectors != vectors[i]).sum(axis=1) / 2)
            )
        if is_listed(self.space):
            kernel = structure_kernel(self.space)
            rows = everything if whole else self.space.index(vectors)
            return KernelPrior(len(vectors), lambda i: kernel(rows[i : i + 1], rows)[0])
        if isinstance(self.space, CellSpace):
            roots = np.sqrt(path_counts(self.space, vectors))
            return KernelPrior(
                len(vectors), lambda i: np.exp(-np.square(roots - roots[i]).sum(axis=1) / 8)
            )
        return KernelPrior(len(vectors), lambda i: np.exp(-(vectors != vectors[i]).sum(axis=1) / 2))
