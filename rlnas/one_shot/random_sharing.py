"""Random search with weight sharing: random paths train the weights, random ones are looked at."""

from __future__ import annotations

from dataclasses import dataclass

from rlnas.one_shot.shared_weights import SharedWeightsSearch
from rlnas.search.base import Searcher
from rlnas.search.random_search import RandomSearch


@dataclass(frozen=True, kw_only=True)
class RandomSharing(SharedWeightsSearch):
    """Random search with weight sharing.

    Source: Li & Talwalkar, "Random search and reproducibility for neural architecture search", UAI
    2019, arXiv 1902.07638, §3.2.
    """

    name = "random-sharing"

    def looker(self) -> Searcher:
        """Return random search."""
        return RandomSearch()
