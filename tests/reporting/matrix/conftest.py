"""Sources whose worth is known, and estimates of it."""

import numpy as np
import pandas as pd
import pytest

from rlnas.reporting.matrix.transfer_metrics import resampled_pairs

TASKS = ("a", "b", "c", "d")


# Ranks by target and source: each target has a clear order of its sources.
RANKS = {
    "a": {"b": 10, "c": 100, "d": 1000},
    "b": {"a": 10, "c": 20, "d": 40},
    "c": {"a": 400, "b": 200, "d": 100},
    "d": {"a": 10, "b": 100, "c": 1000},
}


def source_rows(ranks=RANKS, seeds=4, scratch=100.0, noise=0.0, method="zero-shot", seed=0):
    rng = np.random.default_rng(seed)
    found = []
    for target, by_source in ranks.items():
        for number in range(seeds):
            found.append(("-", target, "scratch", number, scratch))
            found.append((target, target, method, number, 1.0))
            found.append(("others", target, method, number, 1.0))
            for source, rank in by_source.items():
                spread = np.exp(noise * rng.normal())
                found.append((source, target, method, number, max(1.0, rank * spread)))
    return pd.DataFrame(found, columns=["source", "target", "method", "seed", "rank"])


def similarity_rows(similarity, seeds=3, estimator="e", queries=10):
    """One row a pair and seed of ``similarity(target, source, seed)``."""
    return pd.DataFrame(
        [
            (estimator, t, s, seed, similarity(t, s, seed), queries)
            for t in TASKS
            for s in TASKS
            if s != t
            for seed in range(seeds)
        ],
        columns=["estimator", "target", "source", "seed", "similarity", "queries"],
    )


def rank_order(target, source, seed):
    return -np.log(RANKS[target][source])


def reversed_order(target, source, seed):
    return np.log(RANKS[target][source])


@pytest.fixture
def ranks():
    """Ranks by target and source."""
    return RANKS


@pytest.fixture
def make_rows():
    """Return a function that makes the rows of a matrix from ranks by target and source."""
    return source_rows


@pytest.fixture
def make_estimates():
    """Return a function that makes estimates of ``similarity(target, source, seed)``."""
    return similarity_rows


@pytest.fixture
def perfect():
    """A similarity that knows the ranks."""
    return rank_order


@pytest.fixture
def worst():
    """A similarity that orders the sources the other way round."""
    return reversed_order


@pytest.fixture
def pairs(courses):
    """Return a function that resamples the seeds of cells."""

    def make(cells, *args, first=None, **options):
        return resampled_pairs(courses(cells, *args, **options), first=first)

    return make
