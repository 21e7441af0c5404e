"""Local search: climb from neighbour to neighbour, restart at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

Improvement = Literal["first", "best"]


@dataclass(frozen=True, kw_only=True)
class LocalSearch(Searcher):
    """Hill climbing with restarts.

    Source: White, Nolen & Savani, "Exploring the Loss Landscape in Neural Architecture Search"
    (first title: "Local search is state of the art for NAS benchmarks"), UAI 2021,
    arXiv 2005.02960, Algorithm 1.

    From a random architecture, the neighbours (one legal edit away) are evaluated in random order.
    Where none is better the climb has reached a local optimum and starts again at a random
    architecture that was not queried. A neighbour that is known is looked at for free. A failed
    evaluation is never moved to; a failed start is followed by another one.

    Where the objective works on several architectures at once (`QueryLedger.in_flight`), so many
    neighbours are asked for together; ``first`` then moves to the best of them if it is better.

    Attributes:
        improvement: ``first`` moves to a better neighbour as soon as one is found and leaves the
            rest of the neighbourhood unasked; ``best`` evaluates all neighbours, then moves to the
            best, which is the paper's Algorithm 1. With few evaluations ``first`` climbs sooner:
            on TransNAS-Bench-101 with 50 queries (mean rank over 7 tasks and 200 seeds) 43 against
            68 on micro, 34 against 49 on macro.

    Raises:
        InvalidArgumentError: If ``improvement`` is neither.
    """

    name = "local"

    improvement: Improvement = "first"

    def __post_init__(self) -> None:
        if self.improvement not in get_args(Improvement):
            raise InvalidArgumentError(
                f"improvement is {self.improvement!r}; expected one of {get_args(Improvement)}."
            )

    def options(self) -> Mapping[str, object]:
        """Return when a climb moves."""
        return asdict(self)

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = UnseenSampler(ledger, rng)
        while not ledger.exhausted and (start := sampler.draw()) is not None:
            evaluation = ledger.query(start)
            if not evaluation.failed:
                self._climb(ledger, start, evaluation.score, rng)

    def _climb(
        self, ledger: QueryLedger, start: Architecture, score: float, rng: np.random.Generator
    ) -> None:
        """Move to better neighbours until there is none; scores rise strictly, so it ends."""
        current: Architecture | None = start
        while current is not None:
            neighbours = ledger.space.neighbours(current)
            current = None
            order = rng.permutation(len(neighbours))
            for begin in range(0, len(order), ledger.in_flight):
                some = neighbours[order[begin : begin + ledger.in_flight]]
                for neighbour, evaluation in zip(some, ledger.query_many(some), strict=True):
                    if not evaluation.failed and evaluation.score > score:
                        current, score = neighbour, evaluation.score
                if current is not None and self.improvement == "first":
                    break
