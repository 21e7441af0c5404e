"""Learn on targets within query budgets: PPO whose every new architecture is a query."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.agents.config import ActingConfig, FineTuningConfig, PPOConfig
from rlnas.agents.engine.episodes import FinishedEpisodes
from rlnas.agents.engine.hooks import LearnerHooks
from rlnas.agents.engine.learner import StackedPPO
from rlnas.agents.targets.acting import Cohort
from rlnas.agents.targets.rehearsal import Rehearsal, TargetModel, rehearses
from rlnas.envs import EnvironmentConfig
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import QueryLedger


def fine_tune_on_targets(
    networks: Sequence[nn.Module],
    environment: EnvironmentConfig,
    acting: ActingConfig,
    ppo: PPOConfig,
    fine_tuning: FineTuningConfig,
    *,
    ledgers: Sequence[QueryLedger],
    rngs: Sequence[np.random.Generator],
    hooks: LearnerHooks | None = None,
    models: Sequence[TargetModel] | None = None,
) -> None:
    """Train a network on each target, in place, until the budgets are spent.

    The searches run side by side in one batch, but each learns from its own queries alone.

    Args:
        networks: The network that each search starts from; parameters without gradient stay as
            they are.
        environment: The environment they were trained in.
        acting: Normaliser of the targets' rewards, whether to avoid known edits, and patience.
        ppo: Hyperparameters of the training on sources.
        fine_tuning: What is different on a target.
        ledgers: A ledger for each search, all on one space.
        rngs: A generator for each, which seeds the training.
        hooks: What a transfer method changes of the learning.
        models: A model of each target, for rehearsal on predicted scores.
    """
    generators = [torch.Generator().manual_seed(int(rng.integers(2**31))) for rng in rngs]
    streams = LedgerStreams(Cohort(environment, acting, ledgers, rngs))
    rows: list[int] = streams.cohort.rows.tolist()
    if not rows:
        return
    if hooks is not None and hooks.keep is not None and len(rows) < len(ledgers):
        hooks.keep(rows)
    learner = StackedPPO(
        [networks[row] for row in rows],
        streams,
        fine_tuning.apply(ppo),
        [generators[row] for row in rows],
        hooks,
    )
    rehearsal = None
    if rehearses(fine_tuning, environment):
        rehearsal = Rehearsal(fine_tuning, environment, acting, ppo, ledgers=ledgers, models=models)
        rehearsal.keep(rows)
        if models is not None:  # sources may say something before the first query
            rehearsal.practise(learner)
    while (collected := learner.collect(on_step=lambda *_: streams.any_running())) is not None:
        learner.update(collected)
        if len(streams.running) < len(streams.tasks):
            running = streams.running.tolist()
            learner.keep(running)
            if rehearsal is not None:
                rehearsal.keep(running)
        if rehearsal is not None:
            rehearsal.practise(learner)
    learner.stack.release()


class LedgerStreams:
    """A cohort of searches as streams of episodes for `StackedPPO`, one for each controller.

    A search that comes to its end stands still until the rollout is over.

    Args:
        cohort: The searches.

    Attributes:
        layout: Layout of an observation.
        tasks: ``(K, 1)`` int64 zeros: a controller has one target.
        running: Numbers of the controllers whose searches go on.
    """

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort
        self.layout = cohort.core.layout
        self.running = np.arange(len(cohort.rows))
        self.tasks = torch.zeros(len(cohort.rows), 1, dtype=torch.int64)

    def any_running(self) -> bool:
        """Return whether some search goes on."""
        return len(self.running) > 0

    def begin_rollout(self, steps: int) -> None:
        """Nothing to prepare: starts are drawn when an episode begins."""

    def observe(self, out: Tensor) -> None:
        """See `EpisodeStreams.observe`; a finished search's observation is 0."""
        out.zero_()
        out[self.running, 0] = torch.from_numpy(self.cohort.core.observe(self.cohort.state))

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, FinishedEpisodes | None]:
        """See `EpisodeStreams.step`; nothing is noted of ended episodes."""
        rewards, ended = torch.zeros(actions.shape), torch.zeros(actions.shape, dtype=torch.bool)
        with torch.enable_grad():  # a query may be a training, whoever collects this rollout
            won, over = self.cohort.step(actions[self.running, 0].numpy())
        rewards[self.running, 0] = torch.from_numpy(won).float()
        ended[self.running, 0] = torch.from_numpy(over)
        self.running = self.running[self.cohort.leave()]
        return rewards, ended, None

    def keep(self, rows: Sequence[int]) -> None:
        """See `EpisodeStreams.keep`; the rows must be those that run."""
        if list(rows) != self.running.tolist():
            raise InvalidArgumentError(
                f"Searches {self.running.tolist()} run; asked to keep {rows}."
            )
        self.running = np.arange(len(rows))
        self.tasks = self.tasks[: len(rows)]
