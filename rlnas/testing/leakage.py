"""The leakage check: what a search did not query must not change it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask
from rlnas.testing.conformance import require
from rlnas.testing.searchers import SearcherFactory, queries_of


def check_no_leakage(
    factory: SearcherFactory,
    task: TabularTask,
    budget: int = 50,
    seed: int = 0,
    *,
    canonical_free: bool | None = None,
) -> None:
    """Check that a search depends on nothing of its target but what it queried.

    The search is run; then every score, cost and test score that it did not query is replaced, once
    by noise on the scale of the table, once by noise a thousand times wider, once by nothing at all
    (NaN), and the search is run again. Its queries and their results must be identical.

    Args:
        factory: Makes a new searcher. It must not hold the target task itself.
        task: The target.
        budget: Queries of the search, fewer than the space has architectures.
        seed: Seed of the search and of the noise.
        canonical_free: Whether equivalent architectures are free; by default what the task says.

    Raises:
        ConformanceError: If the search changes; the message names the first differing query.
        InvalidArgumentError: If the budget leaves nothing unqueried.
    """
    first = factory().search(task, budget, seed, canonical_free=canonical_free)
    queried = np.zeros(task.space.size, dtype=np.bool_)
    queried[[task.space.index(r.vector[None])[0] for r in first.records]] = True
    if queried.all():
        raise InvalidArgumentError(
            f"The search queried all of {task.space.name}: nothing is left to replace. "
            f"Use a budget below {task.space.size}."
        )
    rng = np.random.default_rng(seed)
    for name, scale in (("noise", 1.0), ("wide noise", 1e3), ("missing values", np.nan)):
        twin = TabularTask(
            task.name,
            task.space,
            _replaced(task.scores, queried, scale, rng),
            task.metric,
            costs=None if task.costs is None else abs(_replaced(task.costs, queried, scale, rng)),
            test_scores=_replaced(
                task.scores if task.test_scores is None else task.test_scores,
                np.zeros_like(queried),  # a search reads no test score at all
                scale,
                rng,
            ),
            canonical_free=task.canonical_free,
        )
        # Known before any query, and no score.
        twin.proxies, twin.examples, twin.limits = task.proxies, task.examples, task.limits
        second = factory().search(twin, budget, seed, canonical_free=canonical_free)
        pairs = zip(queries_of(first), queries_of(second), strict=False)
        differing = next((i for i, (a, b) in enumerate(pairs, start=1) if a != b), None)
        require(
            differing is None and len(first.records) == len(second.records),
            f"{first.searcher} on {task.name}: with {name} in place of what it never queried, "
            f"query {differing or min(len(first.records), len(second.records)) + 1} differs. A "
            "search may depend on nothing of its target but its own queries.",
        )


def _replaced(
    column: NDArray[np.float64],
    kept: NDArray[np.bool_],
    scale: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    noise = np.nanmean(column) + scale * (np.nanstd(column) + 1.0) * rng.normal(size=column.shape)
    return np.where(kept, column, noise)
