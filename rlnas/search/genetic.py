"""A genetic algorithm: generations by roulette, one-point crossover and mutation, with an elite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.plain import whole
from rlnas.search.base import Searcher
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import QueryLedger

_PATIENCE = 20


@dataclass(frozen=True, kw_only=True)
class GeneticSearch(Searcher):
    """Generations of architectures, each bred from the one before.

    Source: the genetic algorithm of Potanin, Vayser & Strijov (arXiv 2406.12992), which finds
    schedules of regularisation, as far as their earlier code says it (`GeneticOpt.py`): two parents
    by roulette, one-point crossover of their vectors, and mutation of a random number of positions
    of both children. Three things are otherwise: the children mutate at positions of their own, the
    elite survives, and a parent's chance is its rank from below (Baker, 1985), not the inverse of
    its error, so that any score will do. Where a child is no architecture of the space, a parent
    takes its place and is mutated. A child that is known already joins for free; after 20
    generations without a new one unseen random architectures join.

    Attributes:
        population: Members of a generation, 2 or more. The code has 100, of 50 generations; 6 suits
            budgets of some dozens.
        elite: Best members that survive, 0 to ``population`` − 1.
        mutations: Most positions of a child that mutate, 0 or more; their number is uniform.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    name = "genetic"
    by_name = True

    population: int = 6
    elite: int = 1
    mutations: int = 2

    def __post_init__(self) -> None:
        for option, least in (("population", 2), ("elite", 0), ("mutations", 0)):
            object.__setattr__(self, option, whole(getattr(self, option), option, least))
        if self.elite >= self.population:
            raise InvalidArgumentError(
                f"elite is {self.elite}; expected fewer than the population of {self.population}."
            )

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return asdict(self)

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = UnseenSampler(ledger, rng)
        members: list[tuple[Architecture, float]] = []
        free = 0
        while not ledger.exhausted:
            wanted = min(self.population - min(self.elite, len(members)), ledger.remaining)
            if len(members) < 2 or free >= _PATIENCE:
                children = list(sampler.draw_many(wanted))
            else:
                children = self._breed(ledger.space, members, wanted, rng)
            if not children:
                return
            before = ledger.queries
            evaluations = ledger.query_many(children)
            free = free + 1 if ledger.queries == before else 0
            best = sorted(members, key=lambda member: -member[1])[: self.elite]
            born = [
                (child, evaluation.score)
                for child, evaluation in zip(children, evaluations, strict=True)
                if not evaluation.failed
            ]
            # A generation of failures leaves the one before.
            members = best + born if born else members

    def _breed(
        self,
        space: SearchSpace,
        members: list[tuple[Architecture, float]],
        number: int,
        rng: np.random.Generator,
    ) -> list[Architecture]:
        scores = np.array([score for _, score in members])
        chances = rank_chances(scores)
        children: list[Architecture] = []
        while len(children) < number:
            pair = np.stack([members[i][0] for i in rng.choice(len(members), 2, p=chances)])
            for child, parent in zip(one_point(pair, rng), pair, strict=True):
                own = child if space.is_valid(child[None])[0] else parent
                for _ in range(rng.integers(self.mutations + 1)):
                    own = space.mutate(own[None], rng)[0]
                children.append(own)
        return children[:number]


def rank_chances(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance of each member ``(n,)``: its rank from below over their sum."""
    ranks = np.argsort(np.argsort(scores, kind="stable"), kind="stable") + 1.0
    return np.asarray(ranks / ranks.sum())


def one_point(pair: NDArray[np.generic], rng: np.random.Generator) -> NDArray[np.generic]:
    """Return two children ``(2, n)`` of two parents, who swap all after a random position."""
    length = pair.shape[1]
    point = int(rng.integers(1, length)) if length > 1 else 0
    return np.concatenate([pair[:, :point], pair[::-1, point:]], axis=1)
