"""At which levels the results of a matrix vary, and which of them a number's interval resamples.

Over several targets whole targets are resampled, with all that was measured on them, and, where
each source has several controllers, those by themselves: the same controllers search every target,
so the two levels are crossed, and what both count is taken off once. On one target controllers are
resampled, or searches where there is one controller, and the searches of the baseline. Sources are
taken as they are. See `rlnas.statistics.bootstrap`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.matrix.search_curves import CellKey
from rlnas.runs.cell import NO_SOURCE, with_controllers
from rlnas.statistics.bootstrap import Bootstrap, Resamples, Spread

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

Which = Literal["none", "own", "base", "apart"]
"""What is drawn anew: nothing; a method's controllers (or searches), the same of a source on every
target; the baseline's searches; or the method's, on every target by themselves."""

Statistics = Callable[[Which, "NDArray[np.int64] | None"], Floats]
"""Returns ``(k, 1 or resamples)`` statistics, given what is drawn and which targets."""


@dataclass(frozen=True, eq=False)
class Draws:
    """How the searches of one cell are resampled.

    Attributes:
        together: Alike on every target, where the cell has several controllers.
        apart: For this target alone.
        searches: Number of searches.
    """

    together: Resamples
    apart: Resamples
    searches: int

    @classmethod
    def of(cls, key: CellKey, controllers: NDArray[np.int64], bootstrap: Bootstrap) -> Draws:
        """Return how a cell is resampled: alike for every method, so that pairs stay together.

        Args:
            key: Source, target and method.
            controllers: ``(n,)`` the controller of each search.
            bootstrap: How to resample.
        """
        source, target, _ = key
        apart = bootstrap.whole(controllers, name=(source, target))
        several = apart.units < len(controllers) or len(np.unique(controllers)) > 1
        together = bootstrap.whole(controllers, name=(source,)) if several else apart
        return cls(together, apart, len(controllers))

    @property
    def controllers(self) -> int:
        """Number of controllers, 1 where there is one or none."""
        return 1 if self.together is self.apart else self.together.units


def baseline_draws(target: str, searches: int, bootstrap: Bootstrap) -> Draws:
    """Return how the searches of the baseline on a target are resampled, wherever they stand."""
    alone = bootstrap.whole(np.zeros(searches), name=("baseline", target))
    return Draws(alone, alone, searches)


class Side(Protocol):
    """One cell of a comparison."""

    @property
    def draws(self) -> Draws:
        """How its searches are resampled."""


@dataclass(frozen=True)
class Levels:
    """The sizes of the levels that some statistics are over.

    Attributes:
        targets: Targets.
        controllers: Controllers of each source; 1 where there is one, or no source.
        sources: Sets of controllers that are drawn independently.
        pairs: Pairs of a source and a target.
        searches: Searches of each cell by each controller at least.
        baseline: Searches of the baseline on each target at least.
        paired: Whether searches of method and baseline are pairs.
    """

    targets: int
    controllers: int
    sources: int
    pairs: int
    searches: int
    baseline: int
    paired: bool = False

    @classmethod
    def of(
        cls, keys: Sequence[CellKey], sides: Sequence[tuple[Side, Side]], *, paired: bool = False
    ) -> Levels:
        """Return the levels of cells and the baselines beside them."""
        return cls(
            targets=len({target for _, target, _ in keys}),
            controllers=min(own.draws.controllers for own, _ in sides),
            sources=len({source for source, _, _ in keys}),
            pairs=len(keys),
            searches=min(own.draws.searches for own, _ in sides),
            baseline=min(base.draws.searches for _, base in sides),
            paired=paired,
        )

    def spread(self, statistics: Statistics, bootstrap: Bootstrap) -> Spread | None:
        """Return how far statistics vary over the levels; None where nothing can be told.

        Args:
            statistics: The statistics of what is drawn.
            bootstrap: How to resample.
        """
        draws = bootstrap.task_draws(self.targets)
        several = self.controllers > 1
        own = below = None
        units = self.controllers if several else self.searches
        if units > 1:
            strata = self.sources if several else self.pairs
            own = below = bootstrap.spread(statistics("own", None), units, strata)
        if not self.paired and self.baseline < 2:
            below = None
        elif own is not None and not self.paired:
            base = bootstrap.spread(statistics("base", None), self.baseline, self.targets)
            below = own + base
        if draws is None:
            return below
        over_targets = bootstrap.spread(statistics("none", draws), self.targets)
        if several and own is not None:
            both = bootstrap.spread(statistics("apart", None), units, self.pairs)
            over_targets = over_targets.crossed(own, both)
        return over_targets if below is None else over_targets.at_least(below)


def resampled_in_words(rows: pd.DataFrame, *, tasks: bool) -> str:
    """Return what the intervals of a matrix resample, and what they leave out, in words.

    Args:
        rows: One row a search: source, target, controller.
        tasks: Whether the numbers are means over targets that are resampled too.
    """
    targets = int(rows["target"].nunique())
    controllers = int(with_controllers(rows)["controller"].nunique())
    learnt = bool((rows["source"] != NO_SOURCE).any())
    drawn = [f"the {targets} targets"] if tasks and targets > 1 else []
    if controllers > 1:
        drawn.append(f"the {controllers} controllers of each source")
    if not tasks or targets == 1:
        drawn.append("the searches of what has none" if controllers > 1 else "the searches")
    alone = controllers == 1 and learnt
    kept = ", for one controller a source as it is" if alone and tasks else ""
    text = f"95 % intervals resample {' and '.join(drawn)}{kept}."
    if tasks and targets == 2:
        text += " Two are too few for an interval."
    if not tasks and controllers == 1:
        # Measured in experiments/coverage, where no other interval of a mean did better.
        share = "about 93 %" if targets > 1 else "90 to 99 %"
        text += f" They cover {share}: ranks are skewed."
    if alone and not tasks:
        text += " With one controller a source they hold for it alone: others would differ by more."
    return text
