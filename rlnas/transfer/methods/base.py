"""Learning on targets as every transfer method does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn

from rlnas.agents import ControllerConfig, FineTuningConfig, LearnerHooks, fine_tune_on_targets
from rlnas.search.bayesian.posterior import Features, TargetPosterior
from rlnas.tasks import QueryLedger

Ledgers = Sequence[QueryLedger]
Generators = Sequence[np.random.Generator]


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
