"""The check that a method does no harm where its sources are wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from rlnas.search import Searcher
from rlnas.statistics.random_line import random_line
from rlnas.tasks import TabularTask
from rlnas.testing.conformance import require

_ERRORS = 4.0


def check_does_no_harm(
    factory: Callable[[str], Searcher],
    targets: Mapping[str, TabularTask],
    *,
    budget: int = 20,
    seeds: int = 20,
    tolerance: float = 0.1,
) -> None:
    """Check that a searcher does not end behind random search on any of some targets.

    Random's line is exact. A target counts as harmed where the mean over searches of log10 rank
    lies above random's by more than the tolerance and more than four standard errors, so that over
    some dozens of targets luck alone is no harm. Of a method without randomness every search is the
    same, and no luck is allowed for.

    Args:
        factory: Makes the searcher for a target, by its name. A method must not be given what a
            hostile target is made of, see `rlnas.benchmarks.hostile.origin_of`.
        targets: What to search: `rlnas.benchmarks.hostile_suite`, or some of its tasks.
        budget: Queries of each search.
        seeds: Searches of each target, 2 or more.
        tolerance: How far behind is no harm, in log10 rank: 0.1 is a quarter more.

    Raises:
        ConformanceError: If it does harm; the message says where and how much.
    """
    harmed = []
    for name, task in targets.items():
        searcher = factory(name)
        results = searcher.search_many([task] * seeds, budget, range(seeds))
        ranks = []
        for result in results:
            reached = result.best_so_far
            known = len(reached) and np.isfinite(reached[-1])
            ranks.append(task.rank(reached[-1]) if known else len(task.ranked_scores))
        logs = np.log10(ranks)
        line = random_line(task.ranked_scores, budget)
        behind = float(logs.mean()) - line.log_rank
        error = float(logs.std(ddof=1)) / np.sqrt(seeds)
        if behind > max(tolerance, _ERRORS * error):
            harmed.append(
                f"{name}: rank {10 ** logs.mean():.0f} where random is at {10**line.log_rank:.0f} "
                f"({behind:+.2f} ± {error:.2f})"
            )
    require(
        not harmed,
        f"{searcher.name if targets else 'The searcher'} does harm with {budget} queries, by "
        f"geometric means of {seeds} searches; {'; '.join(harmed)}.",
    )
