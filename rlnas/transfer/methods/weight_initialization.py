"""Weight initialisation: start on the target from a source controller's weights."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import nn

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search.options import make_config
from rlnas.spaces import SearchSpace
from rlnas.transfer.methods.base import Generators, LearningMethod, Ledgers
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool
from rlnas.transfer.weights.anchor import SourceAnchor
from rlnas.transfer.weights.carry import (
    CarriedTensor,
    TensorReport,
    Vocabularies,
    carry_weights,
    set_down,
)
from rlnas.transfer.weights.thawing import (
    Thaw,
    ThawingRates,
    gradual_unfreezing,
    thawing_updates,
)


@dataclass(frozen=True, kw_only=True)
class WeightInitializationConfig:
    """What a network takes from its source, and what of it may change.

    Attributes:
        parts: Which parts to copy, of ``encoder``, ``policy_head``, ``value_head``. The value head
            is left out by default: the target's rewards are on another scale.
        thaw: Freezes copied weights for a while: the number of the update at which each part
            thaws, by the name of a part, module or tensor, None for never; or one number for
            gradual unfreezing, a layer every so many updates from the heads back (ULMFiT: Howard &
            Ruder 2018). An update is a pass over a rollout, of which there are
            ``fine_tuning.n_epochs`` a rollout; rehearsals are not counted. A tensor that was not
            copied whole is never frozen.
        copied_rate: Multiplier of the learning rate for what was copied, 0 or more.
        new_rate: The same for what was not (discriminative rates, as in ULMFiT, section 3.2), 0 or
            more.
        l2_sp: Pull α of what was copied towards the source's values, 0 or more; see `SourceAnchor`
            (L2-SP: Li, Grandvalet & Davoine 2018).
        l2_new: Pull β of what was not copied towards 0, 0 or more.
        shrink: λ of shrink-and-perturb (Ash & Adams 2020), which multiplies what is copied, 0…1.
            Smaller trusts the source less: 0.5, with a ``perturb`` of as much, holds its own on
            targets unlike the source and gives a little away on like ones.
        perturb: Factor of the new network's initial weights, added to what is copied as the noise
            of shrink-and-perturb, 0 or more; 1 − ``shrink`` interpolates between both, as
            Schwarzer et al. 2023 (arXiv 2305.19452) do.
    """

    parts: tuple[str, ...] = ("encoder", "policy_head")
    thaw: Thaw | int | None = None
    copied_rate: float = 1.0
    new_rate: float = 1.0
    l2_sp: float = 0.0
    l2_new: float = 0.0
    shrink: float = 1.0
    perturb: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        if isinstance(self.thaw, Mapping):
            object.__setattr__(self, "thaw", dict(self.thaw))
        for name in ("copied_rate", "new_rate", "l2_sp", "l2_new", "shrink", "perturb"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InvalidArgumentError(f"{name} is {value}; expected 0 or more.")
        if self.shrink > 1:
            raise InvalidArgumentError(f"shrink is {self.shrink}; expected 0 … 1.")


class WeightInitialization(LearningMethod):
    """Start on the target from a source controller's weights and go on learning there.

    What a part learns, and how far it may go, is the choice of the options. By default everything
    learns at one rate and is free to go, but for the value head, which begins anew.

    Args:
        controller: The source controller.
        config: The options.
        fine_tuning: How the controller learns from few queries.
        options: Fields of `WeightInitializationConfig` to set, e.g. ``shrink=0.5``.

    Attributes:
        report: After a search, what became of every tensor: copied, skipped (its shape does not
            fit the target) or re-initialised (not among ``parts``), when it learnt and how fast.

    Raises:
        InvalidArgumentError: If there is no such option, or a number is out of range.
    """

    name = "weight-init"
    takes = ("one",)
    Config = WeightInitializationConfig
    config: WeightInitializationConfig

    def __init__(
        self,
        controller: PPOController,
        config: WeightInitializationConfig | None = None,
        *,
        fine_tuning: FineTuningConfig | None = None,
        **options: Any,
    ) -> None:
        own = make_config(self.Config, config, options, self.name)
        super().__init__(controller.config, fine_tuning, own)
        self.controller = controller
        self.report: list[TensorReport] = []

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> WeightInitialization:
        """Return the method of a source."""
        return cls(pool.only.controller, fine_tuning=settings.fine_tuning, **options)

    def initialise(self, space: SearchSpace, seed: int) -> nn.Module:
        """Return the network that a search on a space starts from, and write the report."""
        return self._network(space, seed)[0]

    def _network(self, space: SearchSpace, seed: int) -> tuple[nn.Module, list[CarriedTensor]]:
        fresh = PPOController(space, self.controller.config, seed=seed)
        vocabularies = Vocabularies(self.controller.vocabulary, fresh.vocabulary)
        carried = carry_weights(
            self.controller.network, fresh.network, self.config.parts, vocabularies
        )
        set_down(carried, fresh.network, self.config.shrink, self.config.perturb)
        self.report = self._plan([tensor.report for tensor in carried])
        return fresh.network, carried

    def _plan(self, reports: Sequence[TensorReport]) -> list[TensorReport]:
        """Return the reports with when each tensor learns and how fast."""
        names = [report.name for report in reports]
        if isinstance(self.config.thaw, int):
            learns_from = gradual_unfreezing(names, self.config.thaw)
        else:
            learns_from = thawing_updates(names, self.config.thaw or {})
        return [
            dataclasses.replace(
                report,
                learns_from=learns_from[report.name] if report.action == "copied" else 0,
                learning_rate=self.fine_tuning.learning_rate * self._multiplier(report),
            )
            for report in reports
        ]

    def _multiplier(self, report: TensorReport) -> float:
        return self.config.copied_rate if report.action == "copied" else self.config.new_rate

    def _hooks(self, carried: Sequence[CarriedTensor]) -> LearnerHooks:
        """Return what the options change about the learning."""
        multipliers = {report.name: self._multiplier(report) for report in self.report}
        learns_from = {report.name: report.learns_from for report in self.report}
        plain = set(multipliers.values()) == {1.0} and set(learns_from.values()) == {0}
        pull, pull_new = self.config.l2_sp, self.config.l2_new
        return LearnerHooks(
            rates=None if plain else ThawingRates(multipliers, learns_from),
            penalty=SourceAnchor(carried, pull, pull_new) if max(pull, pull_new) > 0 else None,
        )

    def _begin(
        self, ledgers: Ledgers, rngs: Generators
    ) -> tuple[Sequence[nn.Module], LearnerHooks]:
        seeds = [int(rng.integers(2**31)) for rng in rngs]
        begun = [self._network(ledger.space, s) for ledger, s in zip(ledgers, seeds, strict=True)]
        # The source is one for all, and so is what it gives to each.
        return [network for network, _ in begun], self._hooks(begun[0][1])

    def _start_options(self) -> Mapping[str, object]:
        return self.controller.options()
