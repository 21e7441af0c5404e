"""How well a predictor orders what was observed, and the influence it has earned by that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ordering_ability(predicted: Floats, scores: Floats) -> Floats:
    """Return the share of pairs that predictors order as the scores do ``(P,)``, in [0, 1].

    Pairs of equal scores are left out, equal predictions count half; a half if no pair is left.
    Without ties this is (Kendall's τ + 1) / 2.

    Source: Shen et al., ProxyBO, AAAI 2023, arXiv 2110.10423: generalisation ability.

    Args:
        predicted: ``(P, T)``, larger promising more; only their order counts, −∞ is lowest.
        scores: ``(T,)``, finite.
    """
    above = scores[:, None] > scores  # each pair of unlike scores once
    pairs = np.count_nonzero(above)
    if not pairs:
        return np.full(len(predicted), 0.5)
    right = [np.count_nonzero(above & (row[:, None] > row)) for row in predicted]
    equal = [np.count_nonzero(above & (row[:, None] == row)) for row in predicted]
    return np.asarray((np.array(right) + 0.5 * np.array(equal)) / pairs)


def influence_of(abilities: Floats, temperature: float) -> Floats:
    """Return the influence of predictors ``(P,)``, of sum 1: a softmax of their abilities.

    Args:
        abilities: ``(P,)``.
        temperature: Above 0; small is nearly a hard choice.
    """
    powers = np.exp((abilities - abilities.max()) / temperature)
    return np.asarray(powers / powers.sum())


def falling_temperature(first: float, iteration: int) -> float:
    """Return τ₀ / (1 + ln T) (ProxyBO, dynamic influence).

    Args:
        first: τ₀, above 0.
        iteration: T, 1 or more.
    """
    return float(first / (1 + np.log(iteration)))
