"""GDAS: one operation an edge in each step, drawn by a Gumbel softmax that has a gradient."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from rlnas.errors import InvalidArgumentError
from rlnas.networks.super_network import Mix
from rlnas.one_shot.bilevel import BilevelSearch, BilevelTraining
from rlnas.one_shot.training import OneShotTraining
from rlnas.spaces import SearchSpace
from rlnas.training.objective.examples import SearchExamples


@dataclass(frozen=True, kw_only=True)
class GDAS(BilevelSearch):
    """Gradient-based search with a differentiable architecture sampler.

    Source: Dong & Yang, "Searching for a robust neural architecture in four GPU hours", CVPR 2019,
    arXiv 1910.04465, §3.2, in the protocol of NAS-Bench-201 (`BilevelSearch`) and with the
    estimator of the authors' code: of the operations that were not drawn the weight alone is added
    to the node, a 0 with a gradient.

    Attributes:
        first_temperature: Of the softmax in the first step, above 0.
        last_temperature: In the last; it falls linearly.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    name = "gdas"

    first_temperature: float = 10.0
    last_temperature: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("first_temperature", "last_temperature"):
            if not getattr(self, option) > 0:
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)}; expected more than 0."
                )

    def begin(self, space: SearchSpace, examples: SearchExamples, seed: int) -> OneShotTraining:
        """See `OneShotSearch.begin`."""
        return GDASTraining(space, examples, seed, self)


class GDASTraining(BilevelTraining):
    """Computes one operation an edge.

    Args:
        space: The cell space.
        examples: What it is trained on.
        seed: Of first weights, α, the halves, the order of examples and all draws.
        options: How it is trained.
    """

    def __init__(
        self, space: SearchSpace, examples: SearchExamples, seed: int, options: GDAS
    ) -> None:
        super().__init__(space, examples, seed, options)
        self._options = options

    def mix(self, number: int, name: str) -> Mix:
        """See `BilevelTraining.mix`."""
        own = self._options
        done = number / max(own.steps - 1, 1)
        temperature = own.first_temperature + done * (own.last_temperature - own.first_temperature)
        uniform = torch.rand(self.alpha.shape, generator=self.generator(f"draw-{name}", number))
        gumbel = -torch.log(-torch.log(uniform.clamp(1e-20, 1 - 1e-7))).to(self.alpha)
        soft = torch.softmax((torch.log_softmax(self.alpha, dim=1) + gumbel) / temperature, dim=1)
        hard = torch.zeros_like(soft).scatter_(1, soft.argmax(dim=1, keepdim=True), 1.0)
        return Mix(hard.bool().cpu().numpy(), hard - soft.detach() + soft, echo=True)
