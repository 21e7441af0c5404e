"""The bounds that transfer is measured by: no source at all, and no learning on the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController
from rlnas.search import SideBySideSearcher
from rlnas.transfer.methods.base import Generators, Ledgers, learn_on_targets


class Scratch(SideBySideSearcher):
    """Train a new controller on the target alone, within the budget: the lower bound.

    Args:
        config: The controller to train.
        fine_tuning: How it learns from few queries.
    """

    name = "scratch"

    def __init__(
        self,
        config: ControllerConfig | None = None,
        fine_tuning: FineTuningConfig | None = None,
    ) -> None:
        self.config = config or ControllerConfig()
        self.fine_tuning = fine_tuning or FineTuningConfig()

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        fresh = [
            PPOController(ledger.space, self.config, seed=int(rng.integers(2**31))).network
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        learn_on_targets(fresh, self.config, self.fine_tuning, ledgers, rngs)

    def options(self) -> Mapping[str, object]:
        """Return the controller's and the fine-tuning's settings."""
        return {"fine_tuning": asdict(self.fine_tuning), **self.config.to_dict()}


class ZeroShot(SideBySideSearcher):
    """Run a source controller's policy on the target without learning there.

    Args:
        controller: The source controller.
    """

    name = "zero-shot"

    def __init__(self, controller: PPOController) -> None:
        self.controller = controller

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        self.controller._search_many(ledgers, rngs)

    def options(self) -> Mapping[str, object]:
        """Return the controller's settings and sources."""
        return self.controller.options()
