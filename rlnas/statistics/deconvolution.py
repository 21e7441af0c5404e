"""Deconvolution: what values are behind measurements that carry noise.

Each unit (an architecture, or a class of equivalent ones) has a value that no noise touches, and
was measured once or several times. How the values of all units are distributed is estimated by
nonparametric maximum likelihood: no shape is assumed, the most likely distribution is one of few
points (Kiefer and Wolfowitz, Annals of Mathematical Statistics 27, 1956), and on a grid it is a
convex problem (Koenker and Mizera, JASA 109, 2014). With it and the measurements, Bayes' rule says
what each unit's value may be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError

Floats = NDArray[np.float64]

_MOST_TAIL = 0.98
_LEAST_TAIL = 0.02  # below it the two forms of the density agree, and the skewed one cancels
_STEPS = 4.0
"""Points of the grid within one standard deviation of the noise."""
_MOST_POINTS = 1200
_ITERATIONS = 500
_GAP = 1e-7


@dataclass(frozen=True)
class MeasurementNoise:
    """Noise of mean 0: normal, minus an exponential part where trainings fail now and then.

    Attributes:
        sd: Standard deviation, above 0, in the unit of what is measured.
        tail: Mean of the exponential part over ``sd``, from 0 (normal) to below 1. The skewness is
            ``−2 tail³``.

    Raises:
        InvalidArgumentError: If a number is outside its range.
    """

    sd: float
    tail: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.sd < np.inf:
            raise InvalidArgumentError(f"sd is {self.sd}; expected a number above 0.")
        if not 0 <= self.tail < 1:
            raise InvalidArgumentError(f"tail is {self.tail}; expected 0 ≤ tail < 1.")

    def log_density(self, noise: ArrayLike) -> Floats:
        """Return the logarithm of the density, of the shape of ``noise``."""
        from scipy.special import log_ndtr

        e = np.asarray(noise, dtype=np.float64) / self.sd
        if self.tail < _LEAST_TAIL:
            return np.asarray(-0.5 * (e**2 + np.log(2 * np.pi)) - np.log(self.sd))
        tau, sigma = self.tail, np.sqrt(1 - self.tail**2)
        x = tau - e  # exponential plus normal: Grushka, Analytical Chemistry 44 (1972)
        density = sigma**2 / (2 * tau**2) - x / tau + log_ndtr(x / sigma - sigma / tau)
        return np.asarray(density - np.log(tau) - np.log(self.sd))

    def draw(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Floats:
        """Return draws of the given size."""
        normal, tail = rng.normal(size=size), rng.exponential(size=size) - 1.0
        return np.asarray(self.sd * (np.sqrt(1 - self.tail**2) * normal - self.tail * tail))


def spread_within(groups: Sequence[Floats]) -> float:
    """Return the standard deviation within groups, each group counted once.

    It is the root of the mean of the groups' variances. Where the noise differs between groups, the
    pooled variance would be that of the few largest ones.

    Args:
        groups: Arrays of two or more measurements each; none makes it NaN.
    """
    if not len(groups):
        return float("nan")
    return float(np.sqrt(np.mean([np.var(group, ddof=1) for group in groups])))


def fit_noise(groups: Sequence[Floats], *, skewed: bool = True) -> MeasurementNoise:
    """Return the noise of repeated measurements.

    The standard deviation is `spread_within`. The tail is the most likely one, where each group's
    own value has a flat prior and is integrated out; from pairs alone it could not be told, for the
    difference of two is symmetric, so larger groups decide.

    Args:
        groups: Arrays of two or more measurements each, of one value each.
        skewed: Whether there may be a tail.

    Raises:
        InvalidArgumentError: If there is no group, or none varies.
    """
    sd = spread_within(groups)
    if not sd > 0:
        raise InvalidArgumentError(
            "The noise cannot be fitted: expected groups of two or more measurements that differ."
        )
    if not skewed:
        return MeasurementNoise(sd)
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    sizes = np.array([len(group) for group in groups])
    starts = np.cumsum(sizes) - sizes
    # A mean of n is within sd/√n of what it is of, so there each group's integral is taken.
    width = np.repeat(sd / np.sqrt(sizes), sizes)[:, None]
    centres = np.repeat([group.mean() for group in groups], sizes)[:, None]
    residuals = np.concatenate(groups)[:, None] - (centres + width * np.linspace(-8, 8, 65))

    def cost(tail: float) -> float:
        terms = MeasurementNoise(sd, tail).log_density(residuals)
        return -float(logsumexp(np.add.reduceat(terms, starts), axis=1).sum())

    found = minimize_scalar(
        cost, bounds=(0.0, _MOST_TAIL), method="bounded", options={"xatol": 0.01}
    )
    return MeasurementNoise(sd, float(found.x) if found.fun < cost(0.0) else 0.0)


def mixing_weights(likelihood: Floats) -> Floats:
    """Return the most likely weights of a mixture's components.

    Source: Wang, "On fast computation of the non-parametric maximum likelihood estimate of a mixing
    distribution", JRSS B 69 (2007): constrained Newton steps by non-negative least squares, each on
    the support and the local maxima of the gradient.

    Args:
        likelihood: ``(n, m)`` of each observation under each component, 0 or more; a row may have
            any factor of its own. No row is 0 throughout.

    Returns:
        ``(m,)``, 0 or more, with sum 1. The mean log-likelihood is within 1e-7 of the largest, or
        as near as 500 steps come.
    """
    from scipy.optimize import nnls

    n, m = likelihood.shape
    weights = np.full(m, 1.0 / m)
    penalty = 10.0 * np.sqrt(n)  # holds the sum near 1 in least squares; it is exact afterwards
    goal = np.append(np.full(n, 2.0), penalty)
    for _ in range(_ITERATIONS):
        mixed = likelihood @ weights
        ratio = likelihood / mixed[:, None]
        gradient = ratio.sum(axis=0) - n
        if gradient.max() <= _GAP * n:  # a bound of the log-likelihood that is left to gain
            break
        padded = np.concatenate([[-np.inf], gradient, [-np.inf]])
        peaks = (gradient >= padded[:-2]) & (gradient >= padded[2:]) & (gradient > 0)
        active = np.flatnonzero(peaks | (weights > 0))
        design = np.vstack([ratio[:, active], np.full(len(active), penalty)])
        # Of few columns, least squares sees no more than the triangle.
        basis, triangle = np.linalg.qr(design)
        step, _ = nnls(triangle, basis.T @ goal, maxiter=100 * len(active))
        if not step.sum() > 0:
            break
        proposed = np.zeros(m)
        proposed[active] = step / step.sum()
        direction = proposed - weights
        slope, now, size = float(gradient @ direction), float(np.log(mixed).sum()), 1.0
        while size > 1e-10:  # Armijo: halve until a third of the promised gain comes
            new = likelihood @ (weights + size * direction)
            if (new > 0).all() and np.log(new).sum() >= now + size * slope / 3:
                break
            size /= 2
        else:
            break
        weights = np.clip(weights + size * direction, 0.0, None)
        weights[weights < 1e-12] = 0.0
        weights /= weights.sum()
    return weights


@dataclass(frozen=True, eq=False)
class Deconvolution:
    """What the values behind noisy measurements may be.

    The most likely distribution has few points, so that of a single unit a posterior is too narrow
    for an interval; means, spreads, and what is averaged over many units hold.

    Attributes:
        grid: ``(m,)`` values that occur, ascending.
        prior: ``(m,)`` how they are distributed over all units.
        posterior: ``(units, m)`` how likely each is, given a unit's measurements.
    """

    grid: Floats
    prior: Floats
    posterior: Floats

    @property
    def mean(self) -> Floats:
        """Expected value of each unit, ``(units,)``."""
        return np.asarray(self.posterior @ self.grid)

    @property
    def sd(self) -> Floats:
        """Standard deviation of each unit's posterior, ``(units,)``."""
        return np.sqrt(np.maximum(self.posterior @ self.grid**2 - self.mean**2, 0.0))

    @property
    def between(self) -> float:
        """Standard deviation of the values of all units."""
        mean = self.prior @ self.grid
        return float(np.sqrt(self.prior @ (self.grid - mean) ** 2))

    def draw(self, rng: np.random.Generator) -> Floats:
        """Return one draw of all units' values from their posteriors, ``(units,)``."""
        places = (self._cumulative < rng.random((len(self.posterior), 1))).sum(axis=1)
        return np.asarray(self.grid[np.minimum(places, len(self.grid) - 1)])

    @cached_property
    def _cumulative(self) -> Floats:
        return np.asarray(self.posterior.cumsum(axis=1))


def deconvolve(values: ArrayLike, units: ArrayLike, noise: MeasurementNoise) -> Deconvolution:
    """Return what the values of units may be, given their measurements.

    The grid has points a quarter of the noise apart, where a unit's mean is within one standard
    deviation of the noise: elsewhere the most likely distribution has nothing.

    Args:
        values: ``(n,)`` measurements, none NaN.
        units: ``(n,)`` the unit of each, numbered from 0 without a gap.
        noise: Their noise.

    Raises:
        InvalidArgumentError: If the arrays do not fit together.
    """
    x, unit = np.asarray(values, dtype=np.float64), np.asarray(units, dtype=np.int64)
    if x.shape != unit.shape or x.ndim != 1 or not len(x) or not np.isfinite(x).all():
        raise InvalidArgumentError(
            f"values have shape {x.shape} and units {unit.shape}; expected one unit for each "
            "value, one or more, and no value NaN."
        )
    counts = np.bincount(unit)
    if not counts.all():
        raise InvalidArgumentError("units are numbered with gaps; expected 0, 1, 2, ….")
    grid = _grid(np.bincount(unit, x) / counts, noise)
    log_likelihood = np.zeros((len(counts), len(grid)))
    np.add.at(log_likelihood, unit, noise.log_density(x[:, None] - grid))
    likelihood = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    prior = mixing_weights(likelihood)
    kept = prior > 0
    grid, prior = grid[kept], prior[kept]
    posterior = likelihood[:, kept] * prior
    return Deconvolution(grid, prior, posterior / posterior.sum(axis=1, keepdims=True))


def _grid(means: Floats, noise: MeasurementNoise) -> Floats:
    step = max(noise.sd / _STEPS, float(np.ptp(means)) / 1e6)
    while True:
        reach = max(int(noise.sd / step), 1)
        places = np.round((means - means.min()) / step).astype(np.int64)
        near = np.unique(places[:, None] + np.arange(-reach, reach + 1))
        if len(near) <= _MOST_POINTS:
            return np.asarray(means.min() + near * step)
        step *= 1.5
