"""Learning on targets as every transfer method does it."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from torch import nn

from rlnas.agents import ControllerConfig, FineTuningConfig, LearnerHooks, fine_tune_on_targets
from rlnas.search import SideBySideSearcher
from rlnas.search.bayesian.posterior import Features, TargetPosterior
from rlnas.tasks import QueryLedger

Ledgers = Sequence[QueryLedger]
Generators = Sequence[np.random.Generator]


class LearningMethod(SideBySideSearcher):
    """A method that learns on its targets: a network for each, trained until its budget is spent.

    A subclass says in `_begin` what each search starts from and what is changed of the learning.
    Its options are the fields of a frozen dataclass beside it, its ``Config``.

    Args:
        controller: Configuration of the controllers that learn.
        fine_tuning: How they learn from few queries.
        config: The method's options, if it has some.

    Attributes:
        fine_tuning: How the controllers learn.
        config: The method's options.
    """

    def __init__(
        self, controller: ControllerConfig, fine_tuning: FineTuningConfig | None, config: Any = None
    ) -> None:
        self.fine_tuning = fine_tuning or FineTuningConfig()
        self.config = config
        self._controller_config = controller

    @abc.abstractmethod
    def _begin(
        self, ledgers: Ledgers, rngs: Generators
    ) -> tuple[Sequence[nn.Module], LearnerHooks | None]:
        """Return the network that each search starts from, and what is changed of the learning."""

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        networks, hooks = self._begin(ledgers, rngs)
        learn_on_targets(
            networks, self._controller_config, self.fine_tuning, ledgers, rngs, hooks=hooks
        )

    def options(self) -> Mapping[str, object]:
        """Return the method's options, those of the learning, and what it starts from."""
        return {
            **stated(self.config),
            "fine_tuning": asdict(self.fine_tuning),
            **self._start_options(),
        }

    def _start_options(self) -> Mapping[str, object]:
        """Return what a result states of the sources and their controllers."""
        return self._controller_config.to_dict()


def stated(config: Any) -> dict[str, object]:
    """Return the fields of a configuration, or of None, as a result states them."""
    fields = {} if config is None else asdict(config)
    return {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items()}


def learn_on_targets(
    networks: Sequence[nn.Module],
    config: ControllerConfig,
    fine_tuning: FineTuningConfig,
    ledgers: Ledgers,
    rngs: Generators,
    *,
    hooks: LearnerHooks | None = None,
) -> None:
    """Train a network on each target, in place, until the budgets are spent.

    Args:
        networks: The network that each search starts from.
        config: The controllers' configuration.
        fine_tuning: How they learn from few queries.
        ledgers: A ledger for each search, all on one space.
        rngs: A generator for each.
        hooks: What the method changes of the learning.
    """
    models = None
    if fine_tuning.rehearsal == "predicted" and ledgers:
        features = Features(ledgers[0].space)  # the operations alone: a source may be a policy only
        models = [TargetPosterior(features) for _ in ledgers]
    fine_tune_on_targets(
        networks,
        config.environment,
        config.acting,
        config.ppo,
        fine_tuning,
        ledgers=ledgers,
        rngs=rngs,
        hooks=hooks,
        models=models,
    )
