"""Ranks of architectures by predictors that do not change, among those that are left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.search.bayesian.surrogate import Floats, Ints


class Places:
    """The order of all architectures of a space by each of some predictors, sorted once.

    Args:
        worth: ``(P, size)``, larger is better; −∞ is lowest.
    """

    def __init__(self, worth: Floats) -> None:
        # The number of each one's group of equals, the best first.
        self._groups = [np.unique(-row, return_inverse=True)[1].reshape(-1) for row in worth]

    def ranks(self, left: Ints) -> Floats:
        """Return ranks ``(P, n)`` among some architectures, as `ranks_of` has them.

        Args:
            left: ``(n,)`` indices of the architectures.
        """
        return np.stack([_ranks_of_groups(groups[left]) for groups in self._groups])


def ranks_of(worth: Floats) -> Floats:
    """Return ranks ``(P, n)``, 1 for the best, means among equals.

    Args:
        worth: ``(P, n)``, larger is better.
    """
    from scipy.stats import rankdata

    return np.asarray(rankdata(-worth, axis=1))


def _ranks_of_groups(groups: NDArray[np.intp]) -> Floats:
    counts = np.bincount(groups)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middle[groups])
