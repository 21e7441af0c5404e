"""A PPO controller that looks at shared weights, as in ENAS, and has its best trained for real."""

from __future__ import annotations

from dataclasses import dataclass

from rlnas.one_shot.shared_weights import SharedWeightsSearch
from rlnas.search.base import Searcher
from rlnas.search.registry import get_searcher


@dataclass(frozen=True, kw_only=True)
class SharedPPO(SharedWeightsSearch):
    """A PPO controller on shared weights.

    Source: Pham et al., "Efficient neural architecture search via parameter sharing", ICML 2018,
    arXiv 1802.03268. There controller and weights are trained in turn; here the weights are trained
    first, on uniform paths, and do not move while the controller looks at them.
    """

    name = "shared-ppo"

    def looker(self) -> Searcher:
        """Return a controller that learns from nothing but what it looks at."""
        return get_searcher("scratch")
