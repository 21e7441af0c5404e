"""Regularised evolution: tournament selection in a population whose oldest member dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

_PATIENCE = 100


class RegularisedEvolution(Searcher):
    """Ageing evolution.

    Source: Real et al., "Regularized Evolution for Image Classifier Architecture Search",
    AAAI 2019, arXiv 1802.01548, Algorithm 1.

    The population starts with ``population`` distinct random architectures. Each cycle draws
    ``sample`` members, mutates the best of them by one legal edit, and puts the child in the place
    of the oldest member. A child that is known already joins for free, where the paper would train
    it again; after 100 such children in a row (a population stuck where everything around is known)
    an unseen random architecture takes a child's place. A failed evaluation costs its query and
    never joins, so it is never a parent.

    Args:
        population: Members, 1 or more. The paper uses 100 for 20,000 evaluations; 10 suits
            budgets of about 50.
        sample: Members drawn for each tournament, 1 to ``population``.
        with_replacement: Whether one member can be drawn twice for a tournament, as in the paper.
            By default members are distinct, as in later asynchronous implementations; that presses
            harder for good parents, which pays where evaluations are few.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    name = "regularised-evolution"

    def __init__(
        self, *, population: int = 10, sample: int = 3, with_replacement: bool = False
    ) -> None:
        for option, value in (("population", population), ("sample", sample)):
            if value != int(value) or value < 1:
                raise InvalidArgumentError(
                    f"{option} is {value}; expected an integer of 1 or more."
                )
        if sample > population:
            raise InvalidArgumentError(
                f"sample is {sample}, more than the population of {population}; "
                "a tournament is held among members of the population."
            )
        self.population = int(population)
        self.sample = int(sample)
        self.with_replacement = bool(with_replacement)

    def options(self) -> Mapping[str, object]:
        """Return the population, the sample size and how a tournament is drawn."""
        return {
            "population": self.population,
            "sample": self.sample,
            "with_replacement": self.with_replacement,
        }

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = UnseenSampler(ledger, rng)
        members: deque[tuple[Architecture, float]] = deque(maxlen=self.population)
        free = 0
        while not ledger.exhausted:
            if len(members) < self.population or free >= _PATIENCE:
                drawn = sampler.draw()
                if drawn is None:
                    return
                child = drawn
            else:
                picks = rng.choice(len(members), size=self.sample, replace=self.with_replacement)
                parent, _ = max((members[i] for i in picks), key=lambda member: member[1])
                child = ledger.space.mutate(parent[None], rng)[0]
            before = ledger.queries
            evaluation = ledger.query(child)
            free = free + 1 if ledger.queries == before else 0
            if not evaluation.failed:
                members.append((child, evaluation.score))
