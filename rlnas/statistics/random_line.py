"""What random search reaches, exactly: the best of a draw without replacement from a known table.

A line drawn by seeds of random search has an error of its own, and every comparison with it too.
The table is known to whoever reports, so nothing has to be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RandomLine:
    """The rank of the best of some architectures drawn uniformly without replacement.

    Attributes:
        ranks: ``(R,)`` the ranks that it can have, rising; equal scores have one rank, and the last
            one, the size of the table, stands for draws without any measured score.
        probabilities: ``(R,)`` how likely each is.
    """

    ranks: Floats
    probabilities: Floats

    @property
    def rank(self) -> float:
        """Its mean."""
        return float(self.ranks @ self.probabilities)

    @property
    def log_rank(self) -> float:
        """The mean of its log10."""
        return float(np.log10(self.ranks) @ self.probabilities)


def random_line(scores: ArrayLike, queries: int) -> RandomLine:
    """Return where random search ends on a table.

    With ``N`` architectures of which ``k`` are better than some score, all of ``n`` drawn miss them
    with probability C(N − k, n) / C(N, n), the hypergeometric distribution at 0; so ties and
    failures cost nothing but care.

    Args:
        scores: ``(N,)`` scores that ranks count, larger is better, NaN for a failure, which costs a
            query too; `rlnas.tasks.TabularTask.ranked_scores`.
        queries: Draws, 1 or more; more than ``N`` are ``N``.

    Raises:
        InvalidArgumentError: If there is no score, or no draw.

    Example:
        >>> line = random_line([3.0, 2.0, 2.0, 1.0], 2)
        >>> line.ranks.tolist(), line.probabilities.round(3).tolist()
        ([1.0, 2.0, 4.0], [0.5, 0.5, 0.0])
    """
    table = np.asarray(scores, dtype=np.float64).ravel()
    measured = table[np.isfinite(table)]
    if not len(measured) or queries < 1:
        raise InvalidArgumentError(
            f"{len(measured)} scores and {queries} draws; expected 1 or more of both."
        )
    size, drawn = len(table), min(queries, len(table))
    # missed[k]: that none of k given architectures is drawn.
    left = size - np.arange(len(measured), dtype=np.float64)
    missed = np.concatenate([[1.0], np.cumprod(np.maximum(left - drawn, 0.0) / left)])
    _, counts = np.unique(-measured, return_counts=True)
    after = np.cumsum(counts)
    first = after - counts
    ranks = np.append(first + 1.0, float(size))
    chances = np.append(missed[first] - missed[after], missed[len(measured)])
    if ranks[-2] == size:  # the worst architecture ranks where a failure does
        ranks, chances = ranks[:-1], np.append(chances[:-2], chances[-2:].sum())
    return RandomLine(ranks, np.asarray(chances))
