"""What an episode has learnt about the neighbours of its current architecture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.spaces import Architecture

Floats = NDArray[np.float64]


def neighbour_history(
    vectors: Architecture,
    scores: Floats,
    visited: Architecture,
    visited_scores: Floats,
    operations: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return which one-step edits lead to architectures already seen, and whether up or down.

    An edit (p, o) leads to a seen architecture when that one differs from the current one at
    position p alone, where it has operation o. Finding them costs N·T·P comparisons and no memory
    that grows with the size of the space.

    Args:
        vectors: ``(N, P)`` current architectures.
        scores: ``(N,)`` their scores.
        visited: ``(N, T, P)`` architectures seen before.
        visited_scores: ``(N, T)`` their scores, NaN where a slot is empty.
        operations: Number of operations ``C``.

    Returns:
        ``seen`` and ``gain``, both ``(N, P, C)``: 1 where the edit was seen, and the sign of the
        score's change by it.
    """
    n, positions = vectors.shape
    # One product counts the differing positions and adds up their numbers: where a single one
    # differs, the sum is its number. Much faster than reducing the short last axis twice.
    weights = np.stack([np.ones(positions), np.arange(positions)], axis=1).astype(np.float32)
    differs = (visited != vectors[:, None, :]).astype(np.float32) @ weights
    rows, slots = np.nonzero((differs[..., 0] == 1) & ~np.isnan(visited_scores))
    position = differs[rows, slots, 1].astype(np.int64)
    operation = visited[rows, slots, position]
    seen = np.zeros((n, positions, operations), dtype=np.float32)
    gain = np.zeros((n, positions, operations), dtype=np.float32)
    seen[rows, position, operation] = 1.0
    gain[rows, position, operation] = np.sign(visited_scores[rows, slots] - scores[rows])
    return seen, gain


def ordinal_rank(scores: Floats, visited_scores: Floats) -> Floats:
    """Return the rank of each score among those seen, 1 for the best and 0 for the worst.

    Args:
        scores: ``(N,)``.
        visited_scores: ``(N, T)``, NaN where a slot is empty.
    """
    below = (visited_scores < scores[:, None]).sum(axis=1)
    above = (visited_scores > scores[:, None]).sum(axis=1)
    return np.asarray(np.where(below + above > 0, below / np.maximum(below + above, 1), 1.0))
