"""Act with a fixed policy on a target: the zero-shot search."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from rlnas.agents.config import ActingConfig
from rlnas.envs import EnvironmentConfig, LedgerScorer, RunningTransform, make_core
from rlnas.envs.core import EnvironmentCore
from rlnas.tasks import QueryLedger


def target_core(
    ledger: QueryLedger, environment: EnvironmentConfig, acting: ActingConfig
) -> EnvironmentCore[Any]:
    """Return the environment core of a target: every new architecture in it is a query."""
    scorer = LedgerScorer(
        ledger, RunningTransform(acting.normaliser), avoid_known=acting.avoid_known
    )
    return make_core(scorer, environment)


class Patience:
    """Says when a search has gone too many steps without a new query."""

    def __init__(self, ledger: QueryLedger, limit: int) -> None:
        self._ledger = ledger
        self._limit = limit
        self._queries = -1
        self._steps = 0

    def run_out(self) -> bool:
        """Count one step and return whether to give up, or the budget is spent."""
        if self._ledger.queries != self._queries:
            self._queries, self._steps = self._ledger.queries, 0
        self._steps += 1
        return self._ledger.exhausted or self._steps > self._limit


def act_on_target(
    network: nn.Module,
    environment: EnvironmentConfig,
    acting: ActingConfig,
    ledger: QueryLedger,
    rng: np.random.Generator,
) -> None:
    """Run episodes of a fixed policy until the budget is spent or patience has run out.

    Args:
        network: Gives logits and values from observations.
        environment: The environment it was trained in.
        acting: How to act.
        ledger: The target's ledger.
        rng: Draws start states and actions.
    """
    core = target_core(ledger, environment, acting)
    patience = Patience(ledger, acting.patience)
    device = next(network.parameters()).device
    state = core.reset(1, rng)
    while not patience.run_out():
        with torch.no_grad():
            logits, _ = network(torch.as_tensor(core.observe(state), device=device))
        action = _choose(logits[0].double().cpu().numpy(), acting.temperature, rng)
        state, _, ended = core.step(state, np.array([action]))
        if ended[0] and not ledger.exhausted:
            state = core.reset(1, rng)


def _choose(logits: np.ndarray[Any, np.dtype[np.float64]], temperature: float, rng: Any) -> int:
    if temperature == 0:
        return int(logits.argmax())
    # Gumbel-max: the argmax of perturbed logits is a sample of the softmax.
    return int((logits / temperature + rng.gumbel(size=len(logits))).argmax())
