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
    rows, position, operation, slots = _one_edit_away(vectors, visited)
    filled = ~np.isnan(visited_scores[rows, slots])
    rows, position, operation = rows[filled], position[filled], operation[filled]
    slots = slots[filled]
    seen = np.zeros((n, positions, operations), dtype=np.float32)
    gain = np.zeros((n, positions, operations), dtype=np.float32)
    seen[rows, position, operation] = 1.0
    gain[rows, position, operation] = np.sign(visited_scores[rows, slots] - scores[rows])
    return seen, gain


def known_neighbours(
    vectors: Architecture, known: Architecture, operations: int
) -> NDArray[np.bool_]:
    """Return which one-step edits ``(N, P·C)`` lead to known architectures.

    Args:
        vectors: ``(N, P)`` current architectures.
        known: ``(N, T, P)`` known architectures; −1 everywhere in an empty slot.
        operations: Number of operations ``C``.
    """
    seen = np.zeros((len(vectors), vectors.shape[1], operations), dtype=np.bool_)
    if known.shape[1]:
        rows, position, operation, _ = _one_edit_away(vectors, known)
        fits = operation >= 0  # an empty slot of a space with one position
        seen[rows[fits], position[fits], operation[fits]] = True
    return seen.reshape(len(vectors), -1)


def _one_edit_away(
    vectors: Architecture, others: Architecture
) -> tuple[NDArray[np.int64], NDArray[np.int64], Architecture, NDArray[np.int64]]:
    """Return row, position, operation and slot of those that differ at one position alone."""
    positions = vectors.shape[1]
    # One product counts the differing positions and adds up their numbers: where a single one
    # differs, the sum is its number. Much faster than reducing the short last axis twice.
    weights = np.stack([np.ones(positions), np.arange(positions)], axis=1).astype(np.float32)
    differs = (others != vectors[:, None, :]).astype(np.float32) @ weights
    rows, slots = np.nonzero(differs[..., 0] == 1)
    position = differs[rows, slots, 1].astype(np.int64)
    return rows, position, others[rows, slots, position], slots


def ordinal_rank(scores: Floats, visited_scores: Floats) -> Floats:
    """Return the rank of each score among those seen, 1 for the best and 0 for the worst.

    Args:
        scores: ``(N,)``.
        visited_scores: ``(N, T)``, NaN where a slot is empty.
    """
    below = (visited_scores < scores[:, None]).sum(axis=1)
    above = (visited_scores > scores[:, None]).sum(axis=1)
    return np.asarray(np.where(below + above > 0, below / np.maximum(below + above, 1), 1.0))
