"""What each stretch of a search brought in, on one scale whenever it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.envs.normalisers import RunningTransform
from rlnas.tasks import QueryLedger

_VALUES = RunningTransform("rank-gaussian")
_NO_TRIAL = -1


class TrialGains:
    """Keeps which trial each query of a search belongs to, and what the trials gained.

    A trial is an episode or a part of one. Its gain is the mean value of what it queried. The value
    of a score is its normal quantile among everything the search has queried so far, less the mean
    of these, and is computed anew for all trials whenever gains are asked for: so early trials and
    late ones are on one scale, and 0 is an average trial. The sum of rewards would not do: rewards
    are on a scale that moves with every query, and they depend on where an episode started. Start
    architectures belong to no trial, for no policy chose them.

    Args:
        ledger: The search's ledger.

    Attributes:
        trials: Number of trials begun.
    """

    def __init__(self, ledger: QueryLedger) -> None:
        self.trials = 0
        self._ledger = ledger
        self._trial_of_query: list[int] = []

    def begin(self) -> None:
        """Begin a trial; what was queried before the first was no policy's doing."""
        self._note(_NO_TRIAL)
        self.trials += 1

    def after_step(self) -> None:
        """Note what a step queried: its own edit first, then the start of a new episode."""
        if len(self._trial_of_query) < len(self._ledger):
            self._trial_of_query.append(self.trials - 1)
        self._note(_NO_TRIAL)

    def _note(self, trial: int) -> None:
        self._trial_of_query += [trial] * (len(self._ledger) - len(self._trial_of_query))

    def gains(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the numbers ``(T,)`` of the trials that queried something, and their gains."""
        scores, trial = self._ledger.scores(), np.array(self._trial_of_query, np.int64)
        scores = scores[: len(trial)]
        finite, own = np.isfinite(scores), trial != _NO_TRIAL
        if not finite.any() or not own.any():
            return np.zeros(0, np.int64), np.zeros(0)
        # A failed evaluation counts as the worst score, as in the rewards.
        scores = np.where(finite, scores, scores[finite].min())
        values = _VALUES.normalise(scores, scores)
        numbers, place = np.unique(trial[own], return_inverse=True)
        sums = np.bincount(place, (values - values.mean())[own])
        return numbers, sums / np.bincount(place)
