"""DARTS, first order: every operation at once, weighted by a softmax an edge."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from rlnas.networks.super_network import Mix
from rlnas.one_shot.bilevel import BilevelSearch, BilevelTraining
from rlnas.one_shot.training import OneShotTraining
from rlnas.spaces import SearchSpace
from rlnas.training.objective.examples import SearchExamples


@dataclass(frozen=True, kw_only=True)
class DARTS(BilevelSearch):
    """DARTS, first order.

    Source: Liu, Simonyan & Yang, "DARTS: differentiable architecture search", ICLR 2019, arXiv
    1806.09055, §2.3 with ξ = 0, in the protocol of NAS-Bench-201 (`BilevelSearch`).
    """

    name = "darts"

    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> OneShotTraining:
        """See `OneShotSearch.begin`."""
        return DARTSTraining(space, examples, seed, self)


class DARTSTraining(BilevelTraining):
    """Computes all operations in every step."""

    def mix(self, number: int, name: str) -> Mix:
        """See `BilevelTraining.mix`."""
        return Mix(self.network.present, torch.softmax(self.alpha, dim=1))
