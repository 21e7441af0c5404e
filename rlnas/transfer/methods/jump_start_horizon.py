"""How many steps of an episode the guide of jump-start RL takes."""

from __future__ import annotations

import abc
import math

import numpy as np

from rlnas.tasks import Budget, QueryLedger
from rlnas.transfer.methods.trial_gains import TrialGains


def stages_within(budget: Budget, queries_of_episode: int, stages: int) -> int:
    """Return the number of stages that a budget has room for.

    Each stage takes an episode at least, and one goes before the first: so no more stages than
    the budget has episodes, whole or begun, less one; but at least one. Without a limit on queries
    all of them.

    Args:
        budget: The budget of the search.
        queries_of_episode: Most queries of an episode.
        stages: Stages wanted.
    """
    if budget.queries is None:
        return stages
    return max(1, min(stages, math.ceil(budget.queries / queries_of_episode) - 1))


class GuideHorizon(abc.ABC):
    """Says in each step of a search's episodes whether the guide acts.

    Attributes:
        steps: Steps of the current episode that the guide takes.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._taken = 0
        self._begun = False

    @property
    def guided(self) -> bool:
        """Whether the guide takes the next step."""
        return self._taken < self.steps

    def begin(self) -> None:
        """Begin the first episode, once."""
        if not self._begun:
            self._begun = True
            self._next_episode()

    def after_step(self, ended: bool) -> None:
        """Note a step and whether the episode ended with it."""
        self._taken += 1
        if ended:
            self._taken = 0
            self._next_episode()

    @abc.abstractmethod
    def _next_episode(self) -> None:
        """Set `steps` for the episode that begins."""


class RandomHorizon(GuideHorizon):
    """A horizon drawn for every episode, uniform on 0 … H−1.

    Args:
        length: Steps H of an episode.
        rng: Draws it.
    """

    def __init__(self, length: int, rng: np.random.Generator) -> None:
        super().__init__()
        self._length = length
        self._rng = rng

    def _next_episode(self) -> None:
        self.steps = int(self._rng.integers(self._length))


class ShrinkingHorizon(GuideHorizon):
    """A horizon that comes down from the whole episode to 0 by equal stages.

    After each episode the gains of all of them (see `TrialGains`) are averaged over a moving
    window. The next stage begins where the latest average is at most a tolerance below the best.

    Args:
        length: Steps H of an episode.
        stages: Number of stages.
        tolerance: How much may be missing.
        window: Episodes of the moving average.
        ledger: The search's ledger.

    Attributes:
        stage: Stages done, 0 … ``stages``.
    """

    def __init__(
        self, length: int, stages: int, tolerance: float, window: int, ledger: QueryLedger
    ) -> None:
        super().__init__()
        self.stage = 0
        self._length = length
        self._stages = stages
        self._tolerance = tolerance
        self._window = window
        self._episodes = TrialGains(ledger)

    def after_step(self, ended: bool) -> None:
        """See `GuideHorizon.after_step`."""
        self._episodes.after_step()
        super().after_step(ended)

    def _next_episode(self) -> None:
        if self._episodes.trials and self.stage < self._stages and self._as_good():
            self.stage += 1
        self.steps = round(self._length * (1 - self.stage / self._stages))
        self._episodes.begin()

    def _as_good(self) -> bool:
        _, gains = self._episodes.gains()
        if not len(gains):  # nothing new was met, so nothing speaks against the learner
            return True
        window = min(self._window, len(gains))
        averages = np.convolve(gains, np.full(window, 1 / window), mode="valid")
        return bool(averages[-1] >= averages.max() - self._tolerance)
