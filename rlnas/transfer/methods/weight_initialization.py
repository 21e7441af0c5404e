"""Weight initialisation: start on the target from a source controller's weights."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from torch import nn

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search import SideBySideSearcher
from rlnas.spaces import SearchSpace
from rlnas.transfer.methods.base import Generators, Ledgers, learn_on_targets
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


class WeightInitialization(SideBySideSearcher):
    """Start on the target from a source controller's weights and go on learning there.

    What a part learns, and how far it may go, is the choice of the options below. By default
    everything learns at one rate and is free to go, but for the value head, which begins anew.

    Args:
        controller: The source controller.
        parts: Which parts to copy, of ``encoder``, ``policy_head``, ``value_head``. The value head
            is left out by default: the target's rewards are on another scale.
        thaw: Freezes copied weights for a while: the number of the update at which each part
            thaws, by the name of a part, module or tensor, None for never; or one number for
            gradual unfreezing, a layer every so many updates from the heads back (ULMFiT: Howard &
            Ruder 2018). An update is a pass over a rollout, of which there are
            ``fine_tuning.n_epochs`` a rollout; rehearsals are not counted. A tensor that was not
            copied whole is never frozen.
        copied_rate: Multiplier of the learning rate for what was copied, 0 or more.
        new_rate: The same for what was not (discriminative rates, as in ULMFiT, section 3.2).
        l2_sp: Pull α of what was copied towards the source's values, 0 or more; see `SourceAnchor`
            (L2-SP: Li, Grandvalet & Davoine 2018).
        l2_new: Pull β of what was not copied towards 0, 0 or more.
        shrink: λ of shrink-and-perturb (Ash & Adams 2020), which multiplies what is copied, 0…1.
            Smaller trusts the source less: 0.5, with a ``perturb`` of as much, holds its own on
            targets unlike the source and gives a little away on like ones.
        perturb: Factor of the new network's initial weights, added to what is copied as the noise
            of shrink-and-perturb, 0 or more; 1 − ``shrink`` interpolates between both, as
            Schwarzer et al. 2023 (arXiv 2305.19452) do.
        fine_tuning: How the controller learns from few queries.

    Attributes:
        report: After a search, what became of every tensor: copied, skipped (its shape does not
            fit the target) or re-initialised (not among ``parts``), when it learnt and how fast.

    Raises:
        InvalidArgumentError: If a number is out of range.
    """

    name = "weight-init"

    def __init__(
        self,
        controller: PPOController,
        *,
        parts: Sequence[str] = ("encoder", "policy_head"),
        thaw: Thaw | int | None = None,
        copied_rate: float = 1.0,
        new_rate: float = 1.0,
        l2_sp: float = 0.0,
        l2_new: float = 0.0,
        shrink: float = 1.0,
        perturb: float = 0.0,
        fine_tuning: FineTuningConfig | None = None,
    ) -> None:
        numbers = {
            "copied_rate": copied_rate,
            "new_rate": new_rate,
            "l2_sp": l2_sp,
            "l2_new": l2_new,
            "shrink": shrink,
            "perturb": perturb,
        }
        for name, value in numbers.items():
            if not (math.isfinite(value) and value >= 0):
                raise InvalidArgumentError(f"{name} is {value}; expected 0 or more.")
        if shrink > 1:
            raise InvalidArgumentError(f"shrink is {shrink}; expected 0 … 1.")
        self.controller = controller
        self.parts = tuple(parts)
        self.thaw = dict(thaw) if isinstance(thaw, Mapping) else thaw
        self.copied_rate = copied_rate
        self.new_rate = new_rate
        self.l2_sp = l2_sp
        self.l2_new = l2_new
        self.shrink = shrink
        self.perturb = perturb
        self.fine_tuning = fine_tuning or FineTuningConfig()
        self.report: list[TensorReport] = []

    def initialise(self, space: SearchSpace, seed: int) -> nn.Module:
        """Return the network that a search on a space starts from, and write the report."""
        return self._begin(space, seed)[0]

    def _begin(self, space: SearchSpace, seed: int) -> tuple[nn.Module, list[CarriedTensor]]:
        fresh = PPOController(space, self.controller.config, seed=seed)
        vocabularies = Vocabularies(self.controller.vocabulary, fresh.vocabulary)
        carried = carry_weights(self.controller.network, fresh.network, self.parts, vocabularies)
        set_down(carried, fresh.network, self.shrink, self.perturb)
        self.report = self._plan([tensor.report for tensor in carried])
        return fresh.network, carried

    def _plan(self, reports: Sequence[TensorReport]) -> list[TensorReport]:
        """Return the reports with when each tensor learns and how fast."""
        names = [report.name for report in reports]
        if isinstance(self.thaw, int):
            learns_from = gradual_unfreezing(names, self.thaw)
        else:
            learns_from = thawing_updates(names, self.thaw or {})
        return [
            dataclasses.replace(
                report,
                learns_from=learns_from[report.name] if report.action == "copied" else 0,
                learning_rate=self.fine_tuning.learning_rate * self._multiplier(report),
            )
            for report in reports
        ]

    def _multiplier(self, report: TensorReport) -> float:
        return self.copied_rate if report.action == "copied" else self.new_rate

    def _hooks(self, carried: Sequence[CarriedTensor]) -> LearnerHooks:
        """Return what the options change about the learning."""
        multipliers = {report.name: self._multiplier(report) for report in self.report}
        learns_from = {report.name: report.learns_from for report in self.report}
        plain = set(multipliers.values()) == {1.0} and set(learns_from.values()) == {0}
        pulled = self.l2_sp > 0 or self.l2_new > 0
        return LearnerHooks(
            rates=None if plain else ThawingRates(multipliers, learns_from),
            penalty=SourceAnchor(carried, self.l2_sp, self.l2_new) if pulled else None,
        )

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        seeds = [int(rng.integers(2**31)) for rng in rngs]
        begun = [self._begin(ledger.space, s) for ledger, s in zip(ledgers, seeds, strict=True)]
        networks = [network for network, _ in begun]
        # The source is one for all, and so is what it gives to each.
        hooks = self._hooks(begun[0][1]) if begun else None
        learn_on_targets(
            networks, self.controller.config, self.fine_tuning, ledgers, rngs, hooks=hooks
        )

    def options(self) -> Mapping[str, object]:
        """Return the controller's settings, those of this method and the fine-tuning's."""
        names = ("thaw", "copied_rate", "new_rate", "l2_sp", "l2_new", "shrink", "perturb")
        return {
            "parts": list(self.parts),
            **{name: getattr(self, name) for name in names},
            "fine_tuning": asdict(self.fine_tuning),
            **self.controller.options(),
        }
