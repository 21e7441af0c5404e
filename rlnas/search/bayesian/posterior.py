"""A Gaussian process over a target's architectures, from its queries and its sources' results.

What is known of the sources enters twice: their scores are features of an architecture, so that two
architectures which the sources find alike are expected to be alike on the target; and their mean
is the prior mean. What the sources do not explain is left to a kernel over the operations
themselves. (Transfer of measured results by a Gaussian process: Golovin et al., KDD 2017, section
3.3, stack residuals on a prior mean; Poloczek et al., NeurIPS 2017, share a kernel between tasks.)
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.plain import make_plain
from rlnas.search.bayesian.denoising import denoise
from rlnas.search.bayesian.structure import StructureKernel
from rlnas.spaces import SearchSpace
from rlnas.statistics.score_scales import log_rank, rank_gaussian, robust
from rlnas.tasks import QueryLedger

Floats = NDArray[np.float64]

_TAIL = 1e-3
"""Quantile at which source scores are cut: the one best of thousands is not ten times better."""

_LEAST_VARIANCE = 1e-9

_MOST_ROWS = 1_000
"""Rows of correlations kept at a time."""

_MOST_COVARIANCES = 2_000_000
"""Numbers of covariances kept at a time, 16 MB."""


@dataclass(frozen=True, kw_only=True)
class PosteriorConfig:
    """The prior of a `TargetPosterior`; all on the scale of standardised scores.

    Attributes:
        constant: Variance of the target's mean.
        linear: Variance of a linear dependence on the source scores.
        smooth: Variance of a smooth dependence on the source scores.
        length: Length scale of that dependence, in standard deviations of source scores.
        operations: Variance of what follows from the operations and not from the sources; its
            correlation falls by exp(−1/2) with every operation that differs.
        structure: Variance of what follows from how an architecture is built; needs features with
            a structure kernel.
        slope: Variance of a factor on the sources' mean score: were it 0, a target that reverses
            its sources would be all but impossible.
        noise: Variance of what follows from none of these.
        prior_mean: Weight of the sources' mean score in the prior mean, 0 or more.
        log_rank: Share, in [0, 1], of the prior mean that goes by the mean over sources of −log₁₀
            of the place in each one's order: what one source sets apart counts for more than what
            all find good.
        scale: How queried scores are standardised: ``robust`` (median and interquartile range, cut
            at ± 3), ``z-score``, or ``rank-gaussian``.
        exploration: β of the upper confidence bound mean + β·deviation that says which
            architecture is worth a query; None uses expected improvement.
    """

    constant: float = 1.0
    linear: float = 0.3
    smooth: float = 0.5
    length: float = 1.0
    operations: float = 0.3
    structure: float = 0.0
    slope: float = 0.0
    noise: float = 0.05
    prior_mean: float = 1.0
    log_rank: float = 0.0
    scale: Literal["robust", "z-score", "rank-gaussian"] = "robust"
    exploration: float | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        weights = (self.constant, self.linear, self.smooth, self.operations, self.structure)
        if min(*weights, self.slope, self.prior_mean) < 0 or not min(self.noise, self.length) > 0:
            raise InvalidArgumentError(
                "Expected variances and prior_mean of 0 or more, and noise and length above 0; "
                f"got {self}."
            )
        if not 0 <= self.log_rank <= 1:
            raise InvalidArgumentError(f"log_rank is {self.log_rank}; expected a share in [0, 1].")
        if self.scale not in ("robust", "z-score", "rank-gaussian"):
            raise InvalidArgumentError(
                f"scale is {self.scale!r}; expected 'robust', 'z-score' or 'rank-gaussian'."
            )
        if self.exploration is not None and not self.exploration >= 0:
            raise InvalidArgumentError(
                f"exploration is {self.exploration}; expected 0 or more, or None."
            )


class Prior(Protocol):
    """What a `TargetPosterior` needs to know of the architectures it predicts."""

    def prior_mean(self, config: PosteriorConfig, weights: Floats | None = None) -> Floats:
        """Return the prior mean ``(size,)``."""
        ...

    def variance(self, config: PosteriorConfig) -> Floats:
        """Return the prior variance ``(size,)``, noise and slope left out."""
        ...

    def covariance(self, index: int, config: PosteriorConfig) -> Floats:
        """Return the prior covariance ``(size,)`` of all with one, noise and slope left out."""
        ...


class Features:
    """What the prior reads of every architecture of a space; shared by many posteriors.

    Args:
        space: An indexable search space.
        source_scores: ``(S, space.size)`` scores of the sources, NaN where nothing was measured;
            none at all if only operations are to count.
        structure: The structure kernel of the space. With it the sources' scores are freed from
            the noise of their trainings, see `rlnas.search.bayesian.denoising`.
        denoised: Whether they are; without, they are taken as they were measured.

    Attributes:
        scores: ``(size, S)`` rank-gaussianised source scores; what was not measured counts as 0.
    """

    def __init__(
        self,
        space: SearchSpace,
        source_scores: Floats | Sequence[Floats] = (),
        structure: StructureKernel | None = None,
        *,
        denoised: bool = True,
    ) -> None:
        self.space = space
        columns = np.asarray(source_scores, dtype=np.float64).reshape(-1, space.size)
        bells = [_bell(column) for column in columns]
        if structure is not None and denoised:
            bells = [
                denoise(space, structure, np.where(np.isnan(column), np.nan, bell))
                for column, bell in zip(columns, bells, strict=True)
            ]
        self._measured = columns
        self._use(np.stack(bells, axis=1) if bells else np.zeros((space.size, 0)))
        self._structure = structure
        self._rows: dict[tuple[str, int], Floats] = {}  # correlations, shared

    def _use(self, scores: Floats) -> None:
        self.scores = scores
        self._squares = np.square(scores).sum(axis=1)
        self._covariances: dict[tuple[float, ...], Floats] = {}  # shared by all posteriors

    def without(self, source: int) -> Features:
        """Return the features without one source, by its number; correlations are shared."""
        others = copy.copy(self)
        others._use(np.delete(self.scores, source, axis=1))
        others._measured = np.delete(self._measured, source, axis=0)
        for derived in ("alike", "_log_ranks"):
            vars(others).pop(derived, None)
        return others

    @cached_property
    def _log_ranks(self) -> Floats:
        return np.stack([log_rank(column) for column in self.scores.T], axis=1)

    @cached_property
    def alike(self) -> NDArray[np.int64]:
        """``(size,)``: a number that architectures share which no source tells apart."""
        size = len(self.scores)
        if not len(self._measured):
            return np.arange(size)
        known = ~np.isnan(self._measured).any(axis=0)
        numbers = np.arange(size)
        groups = np.unique(self._measured[:, known], axis=1, return_inverse=True)[1].reshape(-1)
        numbers[known] = size + groups
        return numbers

    def prior_mean(self, config: PosteriorConfig, weights: Floats | None = None) -> Floats:
        """Return the prior mean ``(size,)``.

        Args:
            config: The prior.
            weights: ``(S,)`` what each source counts in the mean, of sum 1; None counts them alike.
        """
        if not self.scores.shape[1]:
            return np.zeros(len(self.scores))
        mean = self.scores.mean(axis=1) if weights is None else self.scores @ weights
        if config.log_rank:
            heads = self._log_ranks
            head = heads.mean(axis=1) if weights is None else heads @ weights
            head = (head - head.mean()) * (mean.std() / (head.std() or 1.0))
            mean = (1 - config.log_rank) * mean + config.log_rank * head
        return np.asarray(config.prior_mean * mean)

    def variance(self, config: PosteriorConfig) -> Floats:
        """Return the prior variance ``(size,)``, noise and slope left out."""
        sources = max(1, self.scores.shape[1])
        flat = config.constant + config.smooth + config.operations + config.structure
        return np.asarray(flat + config.linear * self._squares / sources)

    def covariance(self, index: int, config: PosteriorConfig) -> Floats:
        """Return the prior covariance ``(size,)`` of all with one, noise and slope left out."""
        kernel = (config.constant, config.linear, config.smooth, config.length)
        key = (*kernel, config.operations, config.structure, index)
        if key not in self._covariances:
            if len(self._covariances) * len(self.scores) >= _MOST_COVARIANCES:
                self._covariances.clear()
            self._covariances[key] = self._covariance(index, config)
        return self._covariances[key]

    def _covariance(self, index: int, config: PosteriorConfig) -> Floats:
        sources = max(1, self.scores.shape[1])
        product = self.scores @ self.scores[index]
        found = config.constant + config.linear * product / sources
        if config.smooth:
            distance = (self._squares + self._squares[index] - 2 * product) / sources
            found += config.smooth * np.exp(-distance / (2 * config.length**2))
        if config.operations:
            found += config.operations * self._correlation("operations", index)
        if config.structure:
            found += config.structure * self._correlation("structure", index)
        return np.asarray(found)

    def _correlation(self, kind: Literal["operations", "structure"], index: int) -> Floats:
        if (kind, index) not in self._rows:
            if len(self._rows) >= _MOST_ROWS:
                self._rows.clear()
            if kind == "operations":
                differing = (self.space.arrays != self.space.arrays[index]).sum(axis=1)
                row = np.exp(-differing / 2)
            elif self._structure is None:
                raise InvalidArgumentError(
                    "A prior with structure needs features with a structure kernel, "
                    "e.g. structure=structure_kernel(space)."
                )
            else:
                row = self._structure(np.array([index]), np.arange(len(self.scores)))[0]
            self._rows[kind, index] = row
        return self._rows[kind, index]


class TargetPosterior:
    """Predicted scores of every architecture of a target, from what was queried of it.

    The posterior is updated query by query: a row of a Cholesky factor each, so that ``T`` queries
    on ``n`` architectures cost ``O(T² n)`` in all.

    Args:
        features: What the prior reads.
        config: The prior.
        weights: ``(S,)`` what each source counts in the prior mean, of sum 1; None for all alike.

    Attributes:
        queried: Indices of the architectures observed, in order.
        mean: ``(size,)`` predicted standardised scores.
    """

    def __init__(
        self,
        features: Prior,
        config: PosteriorConfig | None = None,
        weights: Floats | None = None,
    ) -> None:
        self.features = features
        self.config = config or PosteriorConfig()
        self.queried: list[int] = []
        self._scores: list[float] = []
        self._prior = features.prior_mean(self.config, weights)
        self._trend = features.prior_mean(PosteriorConfig(), weights)
        self._variance = features.variance(self.config) + self.config.slope * self._trend**2
        self.mean = self._prior
        self._rows = np.zeros((16, len(self._prior)))  # L⁻¹ K, a row an observation
        self._factor = np.zeros((16, 16))  # L
        self._whitened = np.zeros(0)  # L⁻¹ (scores − prior mean)

    @property
    def deviation(self) -> Floats:
        """``(size,)`` standard deviations of the predictions."""
        return np.asarray(np.sqrt(np.maximum(self._variance, _LEAST_VARIANCE)))

    def observe(self, index: int, score: float) -> None:
        """Take in the score of one architecture.

        Args:
            index: Its index in the space.
            score: Its score on the task's own scale, finite.
        """
        count = len(self.queried)
        if count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
            self._factor = np.pad(self._factor, ((0, count), (0, count)))
        column = self._rows[:count, index]
        pivot = np.sqrt(max(self._variance[index], 0.0) + self.config.noise)
        covariance = self._covariance(index)
        row = (covariance - column @ self._rows[:count]) / pivot
        self._factor[count, :count], self._factor[count, count] = column, pivot
        self._rows[count] = row
        self._variance = self._variance - np.square(row)
        self.queried.append(index)
        self._scores.append(score)
        self._update_mean()

    def forget(self, keep: int) -> None:
        """Forget all observations but the first ``keep``, e.g. scores that were only assumed."""
        count = len(self.queried)
        if keep >= count:
            return
        self._variance = self._variance + np.square(self._rows[keep:count]).sum(axis=0)
        self._factor[keep:count] = 0.0
        del self.queried[keep:], self._scores[keep:]
        if keep:
            self._update_mean()
        else:
            self._whitened, self.mean = np.zeros(0), self._prior

    def _covariance(self, index: int) -> Floats:
        sloped = self.config.slope * self._trend[index] * self._trend
        return np.asarray(self.features.covariance(index, self.config) + sloped)

    def _update_mean(self) -> None:
        from scipy.linalg import solve_triangular

        count = len(self.queried)
        residual = self.targets() - self._prior[self.queried]
        self._whitened = solve_triangular(self._factor[:count, :count], residual, lower=True)
        self.mean = self._prior + self._whitened @ self._rows[:count]

    @property
    def observed(self) -> Floats:
        """The scores observed ``(T,)``, on the task's own scale, in order."""
        return np.array(self._scores)

    def log_likelihood(self) -> float:
        """Return the log marginal likelihood of the queried scores under the prior."""
        pivots = np.diag(self._factor)[: len(self.queried)]
        half = 0.5 * len(self.queried) * np.log(2 * np.pi)
        return float(-0.5 * self._whitened @ self._whitened - np.log(pivots).sum() - half)

    def targets(self) -> Floats:
        """Return the queried scores ``(T,)`` as they were standardised."""
        scores = np.array(self._scores)
        if self.config.scale == "rank-gaussian":
            return rank_gaussian(scores)
        if self.config.scale == "z-score":
            return np.asarray((scores - scores.mean()) / (scores.std() or 1.0))
        return robust(scores)

    def covariance(self, indices: NDArray[np.int64]) -> Floats:
        """Return the covariance ``(n, n)`` of the predictions for some architectures ``(n,)``."""
        prior = [self._covariance(int(index))[indices] for index in indices]
        explained = self._rows[: len(self.queried), indices]
        return np.asarray(np.stack(prior) - explained.T @ explained)

    def worth(self) -> Floats:
        """Return how much a query of each architecture promises ``(size,)``; larger is better.

        Expected improvement over the best queried (Jones, Schonlau & Welch 1998), or an upper
        confidence bound (Srinivas et al. 2010); before the first query the prior mean.
        """
        if not self.queried:
            return self._prior
        deviation = self.deviation
        if self.config.exploration is not None:
            return np.asarray(self.mean + self.config.exploration * deviation)
        from scipy.special import ndtr

        better = self.mean - self.targets().max()
        ratio = better / deviation
        density = np.exp(-np.square(ratio) / 2) / np.sqrt(2 * np.pi)
        return np.asarray(better * ndtr(ratio) + deviation * density)


class Observer(Protocol):
    """What takes in the scores of a search."""

    @property
    def queried(self) -> list[int]:
        """Indices of the architectures observed, in order."""
        ...

    def observe(self, index: int, score: float) -> None:
        """Take in the score of one architecture."""
        ...


def observe_queries(posterior: Observer, ledger: QueryLedger) -> None:
    """Take in what a ledger holds and the posterior has not seen; a failure is the worst so far.

    Args:
        posterior: A posterior that has seen the ledger's first queries, or none.
        ledger: A ledger on the posterior's space.
    """
    scores = ledger.scores()
    finite = scores[np.isfinite(scores)]
    first = len(posterior.queried)
    if first == len(scores) or not len(finite):
        return  # as long as everything failed there is no scale to put it on
    indices = ledger.space.index(ledger.vectors()[first:])
    for index, score in zip(indices.tolist(), scores[first:].tolist(), strict=True):
        posterior.observe(index, score if np.isfinite(score) else float(finite.min()))


def _bell(scores: Floats) -> Floats:
    measured = ~np.isnan(scores)
    bell = np.zeros(scores.shape)
    bell[measured] = rank_gaussian(scores[measured])
    from scipy.special import ndtri

    limit = -ndtri(_TAIL)
    return np.asarray(np.clip(bell, -limit, limit))
