"""What a table says of its architectures without the noise of its trainings.

A source's score is one training (or a few), and what it has beyond the structure of its cell is
mostly the noise of that training: residuals of different tasks are hardly correlated. A Gaussian
process over structure, fitted to that table alone, keeps what hangs together.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rlnas.search.bayesian.structure import StructureKernel
from rlnas.seeding import generator
from rlnas.spaces import SearchSpace

Floats = NDArray[np.float64]

_FITTED_ON = 500
"""Networks by which the hyperparameters are chosen."""

_MOST_NETWORKS = 4_096
"""Most networks that the posterior is conditioned on; in a larger table a random part of them."""

_START = (0.5, 0.1, 0.03, 0.1)
_BOUNDS = ((0.5, 2.0), (0.1, 0.6), (1e-4, 0.1), (0.03, 0.3))
"""Variances of the smooth part, the rough part, the network itself, and one training.

Of a whole table most networks are middling or broken, and these alone would have the likelihood put
the rough part at 0: what tells the best networks from each other would be smoothed away with the
noise. So the rough part has a least share.
"""


def denoise(space: SearchSpace, kernel: StructureKernel, scores: Floats) -> Floats:
    """Return the posterior mean of every architecture's score, from a table of one task.

    Equivalent architectures are one network: its score is their mean, its noise smaller the more
    trainings there are. Rows of equal score within a network are one training. Hyperparameters are
    those of the largest marginal likelihood (Rasmussen & Williams, section 5.4.1).

    Args:
        space: An indexable search space.
        kernel: Its structure.
        scores: ``(space.size,)`` scores of about unit variance, larger is better; NaN where
            nothing was measured.

    Returns:
        ``(space.size,)``, finite; all 0 where nothing was measured.
    """
    found: Floats = _denoise(space, kernel, np.asarray(scores, dtype=np.float64).tobytes())
    return found


@lru_cache(maxsize=64)
def _denoise(space: SearchSpace, kernel: StructureKernel, table: bytes) -> Floats:
    """Return what `denoise` does, read-only; a matrix meets the same few tables again and again."""
    from scipy.linalg import cho_factor, cho_solve

    scores = np.frombuffer(table)
    networks, network_of = np.unique(space.canonical_index.astype(np.int64), return_inverse=True)
    known = ~np.isnan(scores)
    trainings = np.unique(np.stack([network_of[known], scores[known]]), axis=1)
    numbers, first, count = np.unique(trainings[0], return_index=True, return_counts=True)
    if not len(numbers):
        return np.zeros(len(scores))
    means = np.add.reduceat(trainings[1], first) / count
    order = generator(0, "denoise").permutation(len(numbers))
    used = np.sort(order[:_MOST_NETWORKS])
    centre = float(means[used].mean())
    rows, residual = networks[numbers[used].astype(np.int64)], means[used] - centre
    few = generator(0, "fit").permutation(len(used))[:_FITTED_ON]
    smooth, rough, own, noise = _fit(kernel, rows[few], residual[few], count[used][few])
    gram = np.tensordot([smooth, rough], np.stack(kernel.parts(rows, rows)), axes=1)
    gram[np.diag_indices_from(gram)] += own + noise / count[used]
    weights = cho_solve(cho_factor(gram, overwrite_a=True, lower=True), residual)
    predicted = np.full(len(networks), centre)
    for block in np.array_split(np.arange(len(networks)), max(1, len(networks) // 1024)):
        parts = kernel.parts(networks[block], rows)
        predicted[block] += (smooth * parts[0] + rough * parts[1]) @ weights
    predicted[numbers[used].astype(np.int64)] += own * weights
    found = np.asarray(predicted[network_of])
    found.flags.writeable = False
    return found


def _fit(
    kernel: StructureKernel, rows: NDArray[np.int64], values: Floats, count: NDArray[np.int64]
) -> tuple[float, float, float, float]:
    """Return the variances (smooth, rough, network, training) of the largest likelihood."""
    from scipy.linalg import cho_solve, cholesky
    from scipy.optimize import minimize

    parts = kernel.parts(rows, rows)
    matrices = np.stack([*parts, np.eye(len(rows)), np.diag(1.0 / count)])

    def loss(logs: Floats) -> tuple[float, Floats]:
        variances = np.exp(logs)
        factor = cholesky(np.tensordot(variances, matrices, axes=1), lower=True)
        weights = cho_solve((factor, True), values)
        inverse = cho_solve((factor, True), np.eye(len(rows)))
        gradient = [
            0.5 * (np.vdot(inverse, matrix) - weights @ matrix @ weights) for matrix in matrices
        ]
        value = 0.5 * values @ weights + np.log(np.diag(factor)).sum()
        return float(value), np.array(gradient) * variances

    found = minimize(
        loss,
        np.log(_START),
        jac=True,
        method="L-BFGS-B",
        bounds=np.log(_BOUNDS),
        options={"maxiter": 30},
    )
    smooth, rough, own, noise = np.exp(found.x).tolist()
    return smooth, rough, own, noise
