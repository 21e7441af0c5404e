"""Learning curves by step of many seeds: final performance, and steps to reach a level.

Time to a level is measured on the interquartile-mean curve over seeds (Taylor & Stone 2009, JMLR
10, section 3.3, of one curve): the first judgement from which on the curve stays there. That is
infinite if it is not there at the end, and is never left out. Intervals resample seeds, so the
curve, the level and the times move together (Agarwal et al., NeurIPS 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.statistics.bootstrap import BOOTSTRAP
from rlnas.statistics.censored import median_times
from rlnas.statistics.means import interquartile_mean

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

FINAL_SHARE = 0.1
"""Share of the steps, at the end, over which judgements are averaged for final performance."""


@dataclass(frozen=True)
class StepCurve:
    """Learning curves of one method, one a seed.

    Attributes:
        steps: ``(E,)`` steps of the judgements, rising.
        values: ``(E, S)`` larger is better.
        name: What names the sample in resampling: equal names are resampled alike.
    """

    steps: NDArray[np.int64]
    values: Floats
    name: str

    @classmethod
    def of(cls, curves: pd.DataFrame, value: str, name: str) -> StepCurve:
        """Return the curves in a frame with the columns step, seed and ``value``.

        Raises:
            InvalidArgumentError: If there are none, or a seed lacks a judgement.
        """
        wide = curves.pivot(index="step", columns="seed", values=value).sort_index()
        values = wide.to_numpy(np.float64)
        if not values.size or np.isnan(values).any():
            raise InvalidArgumentError(
                f"The curves of {name} are empty or lack judgements of some seeds; expected every "
                "seed at every step."
            )
        return cls(wide.index.to_numpy(np.int64), values, name)

    def until(self, steps: int) -> StepCurve:
        """Return the part up to so many steps."""
        kept = self.steps <= steps
        return StepCurve(self.steps[kept], self.values[kept], self.name)

    def at(self, step: int) -> Floats:
        """Return the values ``(S,)`` at a judgement.

        Raises:
            InvalidArgumentError: If nothing was judged at this step.
        """
        (place,) = np.nonzero(self.steps == step)
        if not len(place):
            raise InvalidArgumentError(
                f"The curves of {self.name} were not judged at step {step}, but at "
                f"{', '.join(map(str, self.steps))}."
            )
        values: Floats = self.values[place[0]]
        return values

    @property
    def final(self) -> Floats:
        """Final performance ``(S,)``: the mean over the judgements in the last tenth of the steps.

        One judgement sees one state of a policy that goes on changing; a few see what it is like.
        """
        last = self.steps >= (1 - FINAL_SHARE) * self.steps[-1]
        mean: Floats = self.values[last].mean(axis=0)
        return mean

    @cached_property
    def _draws(self) -> NDArray[np.int64]:
        return BOOTSTRAP.draws(self.values.shape[1], name=("step-curve", self.name))[0]

    def over_resamples(self, values: Floats) -> Floats:
        """Return the interquartile mean of ``(…, S)`` over the seeds, of all and of each resample.

        Returns:
            ``(…, 1 + B)``: the estimate first, then the resamples.
        """
        drawn = interquartile_mean(values[..., self._draws], axis=-1)
        return np.concatenate([interquartile_mean(values, axis=-1)[..., None], drawn], axis=-1)

    @cached_property
    def course(self) -> Floats:
        """The interquartile-mean curve and its resamples, ``(E, 1 + B)``."""
        return self.over_resamples(self.values)

    def steps_to(self, level: Floats) -> Floats:
        """Return the steps after which the curve stays at a level.

        Args:
            level: ``(1 + B,)`` the level for the estimate and for each resample.

        Returns:
            ``(1 + B,)``, infinite where the curve is below the level at the end.
        """
        there = self.course >= level
        stays = np.logical_and.accumulate(there[::-1], axis=0)[::-1]
        first = np.where(stays.any(axis=0), self.steps[stays.argmax(axis=0)], np.inf)
        return np.asarray(first, dtype=np.float64)

    def first_passage(self, level: float) -> dict[str, Any]:
        """Return the seeds' own times to a level: the median, with censoring, and who reached it.

        A seed's time is its first judgement at the level. Those that never get there are censored
        at the end, and the median is Kaplan & Meier's.

        Returns:
            ``median`` (infinite if fewer than half reach it) and ``reached``, the number of seeds.
        """
        there = self.values >= level
        reached = there.any(axis=0)
        times = np.where(reached, self.steps[there.argmax(axis=0)], np.inf)
        return {"median": float(median_times(times)), "reached": int(reached.sum())}
