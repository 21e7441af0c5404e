"""Which policy to follow next: a softmax over what each has brought in so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlnas.tasks import QueryLedger
from rlnas.transfer.methods.trial_gains import TrialGains


@dataclass(frozen=True)
class PolicyUse:
    """What a search made of its policies; the new one first, then the source policies.

    Attributes:
        trials: ``(1 + S,)`` int64, how often each was followed to a new query.
        gains: ``(1 + S,)`` float64 mean gain of each, see `TrialGains`; 0 without a trial.
        chances: ``(1 + S,)`` float64 probability that each would be followed next.
    """

    trials: NDArray[np.int64]
    gains: NDArray[np.float64]
    chances: NDArray[np.float64]


class PolicyChoice:
    """Chooses, in one search, the policy to follow in each trial.

    A policy's gain W is the mean gain of its trials; before the first it is 0, that of an average
    trial. The next policy is drawn with probabilities ∝ exp(τ·W), where τ grows by a step with
    every choice (Fernández & Veloso 2006, section 4.2). A source policy is trusted beforehand as if
    one trial of it had brought in so much.

    Args:
        policies: Number of policies, the new one (number 0) included.
        ledger: The search's ledger.
        rng: Draws the choices.
        temperature: τ of the first choice.
        temperature_step: Δτ.
        trust: Gain that a source policy is given as if by one trial; 0 takes none for granted.

    Attributes:
        current: The policy that is followed.
        step: Steps taken since it was chosen.
    """

    def __init__(
        self,
        policies: int,
        ledger: QueryLedger,
        rng: np.random.Generator,
        *,
        temperature: float,
        temperature_step: float,
        trust: float,
    ) -> None:
        self.current = 0
        self.step = 0
        self._policies = policies
        self._rng = rng
        self._temperature = temperature
        self._temperature_step = temperature_step
        self._trust = trust
        self._trials = TrialGains(ledger)
        self._followed: list[int] = []

    def begin(self) -> None:
        """Choose the first policy, once."""
        if not self._followed:
            self.choose()

    def after_step(self) -> None:
        """Note what the step queried."""
        self._trials.after_step()
        self.step += 1

    def choose(self) -> None:
        """Begin a new trial with a policy drawn by the gains so far."""
        self._trials.begin()
        self.current = int(self._rng.choice(self._policies, p=self.use().chances))
        self._followed.append(self.current)
        self.step = 0

    def use(self) -> PolicyUse:
        """Return trials, gains and probabilities by what is known now."""
        numbers, gains_of_trials = self._trials.gains()
        followed = np.array(self._followed, np.int64)[numbers]
        trials = np.bincount(followed, minlength=self._policies)
        sums = np.bincount(followed, gains_of_trials, minlength=self._policies)
        # With trust a source policy has one trial more than it had.
        prior = np.array([0.0] + [self._trust] * (self._policies - 1))
        gains = (sums + prior) / np.maximum(trials + (prior > 0), 1)
        temperature = self._temperature + self._temperature_step * len(self._followed)
        power = np.exp(temperature * (gains - gains.max()))
        return PolicyUse(trials, gains, power / power.sum())
