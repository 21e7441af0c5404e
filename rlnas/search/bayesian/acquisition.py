"""What a query promises, from a predicted mean and variance; larger is better."""

from __future__ import annotations

from typing import Literal

import numpy as np

from rlnas.search.bayesian.surrogate import Floats, Prediction

Acquisition = Literal["ei", "ucb", "thompson"]


def promise(
    kind: Acquisition, prediction: Prediction, best: float, beta: float, rng: np.random.Generator
) -> Floats:
    """Return what a query of each architecture promises ``(n,)``.

    Args:
        kind: ``ei``, ``ucb`` or ``thompson``.
        prediction: What is predicted.
        best: The best score queried, on the prediction's scale.
        beta: Deviations that the upper confidence bound adds.
        rng: Source of Thompson's draws.
    """
    if kind == "ucb":
        return upper_confidence_bound(prediction, beta)
    if kind == "thompson":
        return thompson_draw(prediction, rng)
    return expected_improvement(prediction, best)


def expected_improvement(prediction: Prediction, best: float) -> Floats:
    """Return the expected improvement over the best (Jones, Schonlau & Welch 1998)."""
    from scipy.special import ndtr

    deviation = np.sqrt(prediction.variance)
    better = prediction.mean - best
    ratio = better / deviation
    density = np.exp(-np.square(ratio) / 2) / np.sqrt(2 * np.pi)
    return np.asarray(better * ndtr(ratio) + deviation * density)


def upper_confidence_bound(prediction: Prediction, beta: float) -> Floats:
    """Return mean + β·deviation (Srinivas et al. 2010)."""
    return np.asarray(prediction.mean + beta * np.sqrt(prediction.variance))


def thompson_draw(prediction: Prediction, rng: np.random.Generator) -> Floats:
    """Return a draw from each prediction, independent between architectures.

    Source: independent Thompson sampling of BANANAS (White, Neiswanger & Savani, AAAI 2021,
    arXiv 1910.11858, section 4), which found it better than joint draws.
    """
    return rng.normal(prediction.mean, np.sqrt(prediction.variance))
