"""What a model reaches in a table of which it knows four fifths, where nothing was repeated.

Each fifth of the networks is predicted by a Gaussian process on the other four; the networks are
queried in the order of the predictions. What the predictions miss is noise and what the model
cannot say, so its size is an upper bound of the noise.
"""

import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from rlnas import load_suite
from rlnas.seeding import generator
from rlnas.statistics.score_scales import rank_gaussian

FOLDS = 5
GRID = [(length, noise) for length in (1.0, 2.0, 4.0) for noise in (0.03, 0.1, 0.3)]


def features(space):
    """Return (architectures, numbers): which operation is where, and counts along the way."""
    arrays = space.arrays.astype(int)
    which = (arrays[:, :, None] == np.arange(arrays.max() + 1)).reshape(len(arrays), -1)
    counts = np.stack([(arrays == o).cumsum(axis=1) for o in range(1, arrays.max() + 1)], axis=2)
    found = np.hstack([which, counts.reshape(len(arrays), -1)]).astype(float)
    found = found[:, found.std(axis=0) > 0]
    return (found - found.mean(axis=0)) / found.std(axis=0)


def predict(x, y, known, length, noise):
    """Return predictions of all, and the likelihood of the known."""
    distance = ((x**2).sum(1)[:, None] + (x[known] ** 2).sum(1) - 2 * x @ x[known].T) / x.shape[1]
    kernel = np.exp(-np.maximum(distance, 0) / (2 * length**2))
    inner = kernel[known] + noise * np.eye(known.sum())
    factor = cho_factor(inner, lower=True)
    weights = cho_solve(factor, y[known])
    likelihood = -0.5 * y[known] @ weights - np.log(np.diag(factor[0])).sum()
    return kernel @ weights, likelihood


def known_four_fifths(names, queries):
    """Return one row a task."""
    rows = []
    for name in names:
        suite = load_suite(name)
        x, space = features(suite.space), suite.space
        classes = np.unique(space.canonical_index, return_index=True)[1]
        fold = generator(0, "folds", name).integers(FOLDS, size=len(classes))
        for short, task in suite.items():
            y = task.scores[classes]
            z = rank_gaussian(y)
            few = generator(0, "few", name).permutation(len(y)) < 500
            length, noise = max(
                GRID,
                key=lambda g: predict(x[classes][few], z[few], np.ones(few.sum(), bool), *g)[1],
            )
            guess = np.empty(len(y))
            for part in range(FOLDS):
                held = fold == part
                guess[held] = predict(x[classes], z, ~held, length, noise)[0][held]
            order = np.argsort(-guess, kind="stable")[: max(queries)]
            rank = np.minimum.accumulate([task.rank(v) for v in y[order]])
            upper = guess >= np.median(guess)
            missed = y - np.quantile(y, ndtr(guess / guess.std()))
            rows.append(
                {"suite": name, "task": short}
                | {f"known_at_{q}": rank[q - 1] for q in queries}
                | {
                    "residual": float(np.std(missed[upper])),
                    "top": float(np.sort(y)[-len(y) // 10 :].std()),
                    "length": length,
                    "noise": noise,
                }
            )
    return pd.DataFrame(rows)
