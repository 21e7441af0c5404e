"""Transfer methods, first cut: the two bounds and weight initialisation.

Each is a `Searcher`, so it runs under the same ledger as every other way of searching.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from torch import nn

from rlnas.agents import ControllerConfig, FineTuningConfig, PPOController, fine_tune_on_targets
from rlnas.search import SideBySideSearcher
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger
from rlnas.transfer.weights import TensorReport, initialise_weights

Ledgers = Sequence[QueryLedger]
Generators = Sequence[np.random.Generator]


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
        _learn(fresh, self.config, self.fine_tuning, ledgers, rngs)

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


class WeightInitialization(SideBySideSearcher):
    """Start on the target from a source controller's weights and go on learning there.

    After a search, `report` says of every tensor whether it was copied, skipped (its shape does
    not fit the target) or re-initialised (not among ``parts``).

    Args:
        controller: The source controller.
        parts: Which parts to copy, of ``encoder``, ``policy_head``, ``value_head``. The value head
            is left out by default: the target's rewards are on another scale.
        fine_tuning: How the controller learns from few queries.
    """

    name = "weight-init"

    def __init__(
        self,
        controller: PPOController,
        *,
        parts: Sequence[str] = ("encoder", "policy_head"),
        fine_tuning: FineTuningConfig | None = None,
    ) -> None:
        self.controller = controller
        self.parts = tuple(parts)
        self.fine_tuning = fine_tuning or FineTuningConfig()
        self.report: list[TensorReport] = []

    def initialise(self, space: SearchSpace, seed: int) -> nn.Module:
        """Return the network that a search on a space starts from."""
        fresh = PPOController(space, self.controller.config, seed=seed)
        self.report = initialise_weights(self.controller.network, fresh.network, self.parts)
        return fresh.network

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        networks = [
            self.initialise(ledger.space, int(rng.integers(2**31)))
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        _learn(networks, self.controller.config, self.fine_tuning, ledgers, rngs)

    def options(self) -> Mapping[str, object]:
        """Return the controller's settings, the parts and the fine-tuning's settings."""
        return {
            "parts": list(self.parts),
            "fine_tuning": asdict(self.fine_tuning),
            **self.controller.options(),
        }


def _learn(
    networks: Sequence[nn.Module],
    config: ControllerConfig,
    fine_tuning: FineTuningConfig,
    ledgers: Ledgers,
    rngs: Generators,
) -> None:
    fine_tune_on_targets(
        networks,
        config.environment,
        config.acting,
        fine_tuning.apply(config.ppo),
        ledgers=ledgers,
        rngs=rngs,
    )
