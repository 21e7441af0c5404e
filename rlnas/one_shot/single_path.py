"""Single-path one-shot: random paths train the weights, evolution searches on them."""

from __future__ import annotations

from dataclasses import dataclass

from rlnas.one_shot.shared_weights import SharedWeightsSearch
from rlnas.search.base import Searcher
from rlnas.search.evolution import RegularisedEvolution


@dataclass(frozen=True, kw_only=True)
class SinglePath(SharedWeightsSearch):
    """Single-path one-shot with evolution.

    Source: Guo et al., "Single path one-shot neural architecture search with uniform sampling",
    ECCV 2020, arXiv 1904.00420. The evolution is our regularised one (theirs has crossover and
    mutation in generations), so that one-shot searches differ in as little as they can.

    Attributes:
        population: Members of the evolution's population, 1 or more.
        sample: Members of a tournament.
    """

    name = "single-path"

    population: int = 50
    sample: int = 10

    def looker(self) -> Searcher:
        """Return the evolution."""
        population = min(self.population, self.looks)
        return RegularisedEvolution(population=population, sample=min(self.sample, population))
