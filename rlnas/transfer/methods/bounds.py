"""The bounds that transfer is measured by: no source at all, and no learning on the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController
from rlnas.search import SideBySideSearcher
from rlnas.transfer.methods.base import Generators, LearningMethod, Ledgers
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool


class Scratch(LearningMethod):
    """Train a new controller on the target alone, within the budget: the lower bound.

    Args:
        config: The controller to train.
        fine_tuning: How it learns from few queries.
    """

    name = "scratch"
    takes = ("none",)

    def __init__(
        self,
        config: ControllerConfig | None = None,
        fine_tuning: FineTuningConfig | None = None,
    ) -> None:
        super().__init__(config or ControllerConfig(), fine_tuning)

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings) -> Scratch:
        """Return the method of a run's settings."""
        return cls(settings.controller, settings.fine_tuning)

    def _begin(self, ledgers: Ledgers, rngs: Generators) -> tuple[Sequence[nn.Module], None]:
        fresh = [
            PPOController(
                ledger.space, self._controller_config, seed=int(rng.integers(2**31))
            ).network
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        return fresh, None


class ZeroShot(SideBySideSearcher):
    """Run a source controller's policy on the target without learning there.

    Args:
        controller: The source controller.
    """

    name = "zero-shot"
    takes = ("one",)

    def __init__(self, controller: PPOController) -> None:
        self.controller = controller

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings) -> ZeroShot:
        """Return the method of a source."""
        return cls(pool.only.controller)

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        self.controller._search_many(ledgers, rngs)

    def options(self) -> Mapping[str, object]:
        """Return the controller's settings and sources."""
        return self.controller.options()
