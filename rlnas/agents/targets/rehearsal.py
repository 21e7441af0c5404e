"""Rehearsal: go on training between two queries, on what is known of the target already.

A search pays for queries and not for gradient steps. Asking again is free, so a controller can run
as many episodes as it likes on the architectures it has queried; and with a model of the target it
can run them on predicted scores. (Planning with a model between real steps is Dyna: Sutton 1991;
training on a model's predictions to save real steps: Janner et al., NeurIPS 2019, arXiv
1906.08253.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from rlnas.agents.config import ActingConfig, FineTuningConfig, PPOConfig
from rlnas.agents.engine.episodes import TableStreams
from rlnas.agents.engine.learner import StackedPPO
from rlnas.envs import EnvironmentConfig, ImprovementConfig, RunningTransform
from rlnas.envs.tensor import TaskTables, make_tensor_environment
from rlnas.envs.tensor.queried import QueriedTables
from rlnas.errors import InvalidArgumentError
from rlnas.statistics.score_scales import log_rank
from rlnas.tasks import QueryLedger


def rehearses(config: FineTuningConfig, environment: EnvironmentConfig) -> bool:
    """Return whether controllers with these settings train between queries."""
    if config.rehearsal is None:
        return isinstance(environment, ImprovementConfig)
    return config.rehearsal != "none"


class TargetModel(Protocol):
    """Predicts scores of a target from what one search has queried of it.

    Attributes:
        mean: ``(space.size,)`` predicted scores; only their order counts.
    """

    @property
    def mean(self) -> NDArray[np.float64]:
        """See the attributes."""
        ...

    def observe(self, index: int, score: float) -> None:
        """Take in the score of the architecture with that index."""
        ...


class Rehearsal:
    """Trains the controllers of a batch of searches between their queries.

    Args:
        config: What to rehearse on and how much.
        environment: The environment of the searches.
        acting: Its normaliser puts queried scores on the scale of rewards.
        ppo: Hyperparameters of the training on sources; step sizes come from ``config``.
        ledgers: A ledger for each search.
        models: A model for each search where ``config.rehearsal`` is ``predicted``.

    Raises:
        InvalidArgumentError: If the environment is not the improvement environment, or there is
            not a model for each search that needs one.
    """

    def __init__(
        self,
        config: FineTuningConfig,
        environment: EnvironmentConfig,
        acting: ActingConfig,
        ppo: PPOConfig,
        *,
        ledgers: Sequence[QueryLedger],
        models: Sequence[TargetModel] | None = None,
    ) -> None:
        if not isinstance(environment, ImprovementConfig):
            raise InvalidArgumentError(
                "Rehearsal edits known architectures, so it needs the improvement environment; "
                "use rehearsal='none' with the construction environment."
            )
        if config.rehearsal == "predicted" and len(models or ()) != len(ledgers):
            raise InvalidArgumentError(
                f"{len(models or ())} models for {len(ledgers)} searches; rehearsal='predicted' "
                "needs one for each."
            )
        self._config = config
        self._environment = environment
        self._normaliser = RunningTransform(acting.normaliser)
        self._ppo = config.rehearse(ppo, environment.horizon)
        self._ledgers = list(ledgers)
        self._models = list(models or ())
        self._observed = [0] * len(ledgers)
        self._tables: TaskTables | None = None

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the searches alone."""
        self._ledgers = [self._ledgers[row] for row in rows]
        self._observed = [self._observed[row] for row in rows]
        self._models = [self._models[row] for row in rows] if self._models else []
        self._tables = None

    def practise(self, learner: StackedPPO) -> None:
        """Train every controller of the learner on what its own search knows now."""
        streams = self._streams(learner)
        with learner.elsewhere(streams, self._ppo):
            for _ in range(self._config.rehearsal_rollouts):
                learner.update(learner.collect())

    def _streams(self, learner: StackedPPO) -> TableStreams:
        if self._config.rehearsal == "predicted":
            return self._predicted(learner)
        return self._queried(learner)

    def _queried(self, learner: StackedPPO) -> TableStreams:
        known = [_known(ledger) for ledger in self._ledgers]
        tables = QueriedTables(
            self._ledgers[0].space,
            [vectors for vectors, _ in known],
            [self._normaliser.normalise(scores, scores) for _, scores in known],
        )
        environment = make_tensor_environment(tables, self._environment)
        searches = torch.zeros(len(known), self._ppo.num_envs, dtype=torch.int64)
        return TableStreams(environment, searches, learner.generators, starts=tables.members)

    def _predicted(self, learner: StackedPPO) -> TableStreams:
        for search, (ledger, model) in enumerate(zip(self._ledgers, self._models, strict=True)):
            vectors, scores = _known(ledger)
            new = range(self._observed[search], len(scores))
            places = ledger.space.index(vectors)
            for number in new:
                model.observe(int(places[number]), float(scores[number]))
            self._observed[search] = len(scores)
        # As rewards on a source: the head of the list counts most.
        scores = np.stack([log_rank(model.mean) for model in self._models])
        if self._tables is None:
            self._tables = TaskTables.of_scores(self._ledgers[0].space, scores)
        else:
            self._tables.rescore(scores)
        environment = make_tensor_environment(self._tables, self._environment)
        searches = torch.arange(len(scores))[:, None].expand(-1, self._ppo.num_envs)
        return TableStreams(environment, searches, learner.generators)


def _known(ledger: QueryLedger) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """Return what was queried; a failed evaluation counts as the worst score so far."""
    scores = ledger.scores()
    finite = np.isfinite(scores)
    worst = scores[finite].min() if finite.any() else 0.0
    return ledger.vectors(), np.where(finite, scores, worst)
