"""Searchers and what they return: random, local and evolutionary search."""

from rlnas.search.base import Searcher, SideBySideSearcher
from rlnas.search.evolution import RegularisedEvolution
from rlnas.search.local_search import LocalSearch
from rlnas.search.pareto import ParetoFront
from rlnas.search.random_search import RandomSearch
from rlnas.search.registry import get_searcher, register_searcher, searcher_names
from rlnas.search.result import SearchResult

__all__ = [
    "LocalSearch",
    "ParetoFront",
    "RandomSearch",
    "RegularisedEvolution",
    "SearchResult",
    "Searcher",
    "SideBySideSearcher",
    "get_searcher",
    "register_searcher",
    "searcher_names",
]
