"""What a search may spend, and the record of each query that it spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rlnas.errors import InvalidArgumentError
from rlnas.plain import make_plain
from rlnas.spaces import Architecture
from rlnas.tasks.objective import Evaluation


@dataclass(frozen=True)
class Budget:
    """What a search may spend.

    Attributes:
        queries: Most distinct architectures to evaluate, or None for no limit.
        cost: Seconds of training after which no new query starts, or None for no limit.

    Raises:
        InvalidArgumentError: If both are None or one is not positive.
    """

    queries: int | None = None
    cost: float | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        if self.queries is None and self.cost is None:
            raise InvalidArgumentError("A budget needs a limit: give queries, cost, or both.")
        if self.queries is not None and (self.queries < 1 or self.queries != int(self.queries)):
            raise InvalidArgumentError(f"Budget of {self.queries} queries; expected 1 or more.")
        if self.cost is not None and not self.cost > 0:
            raise InvalidArgumentError(f"Budget of {self.cost} s; expected more than 0.")

    @classmethod
    def of(cls, budget: Budget | int) -> Budget:
        """Return a budget; a bare integer counts queries."""
        return budget if isinstance(budget, Budget) else cls(queries=budget)


@dataclass(frozen=True)
class QueryRecord:
    """One query of a search.

    Attributes:
        query: Number of the query, from 1.
        architecture: Official string.
        vector: The architecture as int8 ``(num_positions,)``.
        evaluation: Score, cost, error and further metrics.
        seconds: Wall-clock seconds from the start of the search to when this query and all before
            it were done.
        notes: What its searcher noted when it chose this query, by name.
    """

    query: int
    architecture: str
    vector: Architecture = field(repr=False, compare=False)
    evaluation: Evaluation
    seconds: float
    notes: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def score(self) -> float:
        """Score of the query, NaN when it failed."""
        return self.evaluation.score

    def __repr__(self) -> str:
        found = self.evaluation
        outcome = f"error={found.error[:80]!r}" if found.error else f"score={found.score:.6g}"
        return f"QueryRecord({self.query}, {self.architecture!r}, {outcome}, cost={found.cost:.4g})"
