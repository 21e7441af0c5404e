"""Act with a fixed policy on targets: the zero-shot search, one or many side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from rlnas.agents.config import ActingConfig
from rlnas.envs import CohortScorer, EnvironmentConfig, RunningTransform, make_core
from rlnas.envs.core import EnvironmentCore, put, take
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

Start = Callable[[QueryLedger, np.random.Generator], Architecture]
"""Says where an episode of a search begins."""


class Cohort:
    """Searches side by side: an episode each in one batch, each with its own ledger and generator.

    A search leaves the cohort when its budget is spent, or after too many steps without a new
    query.

    Args:
        environment: The environment of every search.
        acting: Normaliser of rewards, whether to avoid known edits, and patience.
        ledgers: The ledgers, all on one space.
        rngs: A generator for each search.
        rewards: Whether anybody looks at the rewards.
        start: Gives the architecture ``(P,)`` where an episode begins, by the search's ledger and
            generator; drawn uniformly by default.

    Attributes:
        core: The environment core.
        state: The episodes of the searches that still run.
        rows: ``(N,)`` numbers of these searches among all.
    """

    def __init__(
        self,
        environment: EnvironmentConfig,
        acting: ActingConfig,
        ledgers: Sequence[QueryLedger],
        rngs: Sequence[np.random.Generator],
        *,
        rewards: bool = True,
        start: Start | None = None,
    ) -> None:
        normaliser = RunningTransform(acting.normaliser) if rewards else None
        self._scorer = CohortScorer(ledgers, normaliser, avoid_known=acting.avoid_known)
        self.core: EnvironmentCore[Any] = make_core(self._scorer, environment)
        self.ledgers = list(ledgers)
        self.rngs = list(rngs)
        self.rows = np.arange(len(ledgers))
        self._patience = acting.patience
        self._start = start
        self._queries = np.zeros(len(ledgers), dtype=np.int64)
        self._idle = np.zeros(len(ledgers), dtype=np.int64)
        self.state: Any = self._begin(self.rows)
        self.leave()

    def _begin(self, rows: NDArray[np.int64]) -> Any:
        """Return new episodes for some of the running searches, each start by its own generator."""
        space = self.core.space
        if self._start is None:
            starts = np.concatenate([space.sample(1, self.rngs[row]) for row in rows])
        else:
            starts = np.stack([self._start(self.ledgers[row], self.rngs[row]) for row in rows])
        return self.core.reset(len(rows), self.rngs[rows[0]], starts, rows)

    def step(self, actions: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Take a step in every running search; ended episodes begin anew.

        Args:
            actions: ``(N,)``, one for each search in `rows`.

        Returns:
            Rewards ``(N,)`` and which episodes ended ``(N,)``. Call `leave` afterwards.
        """
        self.state, rewards, ended = self.core.step(self.state, actions)
        spent = np.array([ledger.exhausted for ledger in self.ledgers], dtype=np.bool_)
        again = np.flatnonzero(ended & ~spent)
        if len(again):
            self.state = put(self.state, again, self._begin(again))
        return rewards, ended

    def leave(self) -> NDArray[np.int64]:
        """Let finished searches go and return which of those that ran go on, ``(≤ N,)``."""
        queries = np.array([ledger.queries for ledger in self.ledgers], dtype=np.int64)
        self._idle = np.where(queries == self._queries, self._idle + 1, 1)
        self._queries = queries
        spent = np.array([ledger.exhausted for ledger in self.ledgers], dtype=np.bool_)
        stay = np.flatnonzero(~spent & (self._idle <= self._patience))
        if len(stay) < len(self.rows):
            self.ledgers = [self.ledgers[row] for row in stay]
            self.rngs = [self.rngs[row] for row in stay]
            self.rows, self.state = self.rows[stay], take(self.state, stay)
            self._queries, self._idle = self._queries[stay], self._idle[stay]
            self._scorer.keep(stay)
        return stay


def act_on_targets(
    network: nn.Module,
    environment: EnvironmentConfig,
    acting: ActingConfig,
    ledgers: Sequence[QueryLedger],
    rngs: Sequence[np.random.Generator],
) -> None:
    """Run episodes of a fixed policy until budgets are spent or patience has run out.

    Args:
        network: Gives logits and values from observations.
        environment: The environment it was trained in.
        acting: How to act.
        ledgers: A ledger for each search, all on one space.
        rngs: A generator for each: draws start states and actions.
    """
    cohort = Cohort(environment, acting, ledgers, rngs, rewards=False)
    device = next(network.parameters()).device
    while len(cohort.rows):
        obs = torch.from_numpy(cohort.core.observe(cohort.state)).to(device)
        with torch.no_grad():
            logits = network(obs)[0].double().cpu().numpy()
        cohort.step(_choose(logits, acting.temperature, cohort.rngs))
        cohort.leave()


def _choose(
    logits: NDArray[np.float64], temperature: float, rngs: Sequence[np.random.Generator]
) -> NDArray[np.int64]:
    if temperature > 0:
        # Gumbel-max: the argmax of perturbed logits is a sample of the softmax.
        noise = [rng.gumbel(size=logits.shape[1]) for rng in rngs]
        logits = logits / temperature + np.stack(noise)
    return np.asarray(logits.argmax(axis=1))
