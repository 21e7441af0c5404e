"""Regularised evolution: tournament selection in a population whose oldest member dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import QueryLedger

Member = tuple[Architecture, float]

_PATIENCE = 100


@dataclass(frozen=True, kw_only=True)
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

    The initial population is asked for together. Where the objective works on several
    architectures at once (`QueryLedger.in_flight`), a cycle breeds so many children, each by a
    tournament of its own in the population as it stood, asks for them together and lets them join
    in order. So a child's parent may be some births older than with one at a time, as where
    workers evolve a population asynchronously (the paper's way to use several).

    Attributes:
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

    population: int = 10
    sample: int = 3
    with_replacement: bool = False

    def __post_init__(self) -> None:
        for option in ("population", "sample"):
            value = getattr(self, option)
            if value != int(value) or value < 1:
                raise InvalidArgumentError(
                    f"{option} is {value}; expected an integer of 1 or more."
                )
            object.__setattr__(self, option, int(value))
        if self.sample > self.population:
            raise InvalidArgumentError(
                f"sample is {self.sample}, more than the population of {self.population}; "
                "a tournament is held among members of the population."
            )
        object.__setattr__(self, "with_replacement", bool(self.with_replacement))

    def options(self) -> Mapping[str, object]:
        """Return the population, the sample size and how a tournament is drawn."""
        return asdict(self)

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = self._newcomers(ledger, rng)
        members: deque[Member] = deque(maxlen=self.population)
        free = 0
        while not ledger.exhausted:
            together = min(ledger.in_flight, ledger.remaining)
            if len(members) < self.population:
                missing = self.population - len(members)
                children = sampler.draw_many(min(missing, ledger.remaining))
            elif free >= _PATIENCE:
                children = sampler.draw_many(together)
            else:
                children = [self._breed(ledger.space, members, rng) for _ in range(together)]
            if not children:
                return
            before = ledger.queries
            evaluations = ledger.query_many(children)
            free = free + len(children) if ledger.queries == before else 0
            for child, evaluation in zip(children, evaluations, strict=True):
                if not evaluation.failed:
                    members.append((child, evaluation.score))

    def _newcomers(self, ledger: QueryLedger, rng: np.random.Generator) -> UnseenSampler:
        """Return where the first population comes from, and who replaces a stuck child."""
        return UnseenSampler(ledger, rng)

    def _breed(
        self, space: SearchSpace, members: Sequence[Member], rng: np.random.Generator
    ) -> Architecture:
        """Return a child of the best of a tournament."""
        picks = rng.choice(len(members), size=self.sample, replace=self.with_replacement)
        parent, _ = max((members[i] for i in picks), key=lambda member: member[1])
        child: Architecture = space.mutate(parent[None], rng)[0]
        return child
