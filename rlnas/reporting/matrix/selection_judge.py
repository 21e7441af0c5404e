"""Statistics of chosen sources and of the similarities behind them, with their resamples."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rlnas.reporting.matrix.measured_sources import MeasuredSources, places_of
from rlnas.reporting.matrix.oracle import (
    SPLITS,
    Oracle,
    cross_fitted_oracle,
    split_half_agreement,
)
from rlnas.reporting.matrix.source_estimates import SourceEstimates
from rlnas.statistics.bootstrap import Bootstrap
from rlnas.statistics.correlation import spearman, spearman_rows
from rlnas.statistics.means import interquartile_mean, known_mean

Statistics = dict[str, tuple[float, NDArray[np.float64] | None, int]]
"""Estimates by name, with their resamples ``(resamples,)`` where resampling says anything, and the
number of units that were drawn."""


class Judge:
    """Judges choices of a source by what was measured.

    Args:
        truth: The results from every source.
        bootstrap: How to resample seeds, and targets.
    """

    def __init__(self, truth: MeasuredSources, bootstrap: Bootstrap) -> None:
        self.truth, self._bootstrap = truth, bootstrap
        self._draws = bootstrap.task_draws(len(truth.targets))
        self._several = truth.ranks.shape[-1] > 1  # seeds of the searches
        if self._draws is None:
            ranks, self._gains = truth.resampled(bootstrap)
        else:  # with a target goes all that was measured on it
            ranks, self._gains = truth.mean_ranks[None], truth.gains[None]
        self._ranks = np.where(truth.measured, ranks, 0.0)
        self._best = np.nanargmin(truth.mean_ranks, axis=1)
        places = places_of(truth.mean_ranks)
        self._hits = {"top1": (places <= 1) * 1.0, "top2": (places <= 2) * 1.0}

    def statistics(self, each: SourceEstimates, *, circular: bool = False) -> Statistics:
        """Return the statistics that `selection_summary` names.

        Args:
            each: The similarities.
            circular: They were made from the very results, so a correlation says nothing.
        """
        if self._draws is None:
            [drawn] = self._bootstrap.draws(len(each.seeds), name=("estimates",))
        else:
            drawn = np.arange(len(each.seeds))[None]
        several = len(each.seeds) > 1 or self._draws is not None
        units = self._units(len(each.seeds))
        found: Statistics = {}
        for name, tables in (
            ("spearman", self._over_pairs(each)),
            ("spearman_within", self._within(each)),
        ):
            if circular or np.isnan(tables[0]).all():
                found[name] = (float("nan"), None, units)
                continue
            by_resample = tables[1].T
            drawn_too = np.broadcast_to(drawn, by_resample.shape)
            over_seeds = np.take_along_axis(by_resample, drawn_too, axis=1)
            resampled = interquartile_mean(over_seeds, axis=1)
            told = resampled if several or self._several else None
            found[name] = (interquartile_mean(tables[0]), told, units)
        choice = each.choice
        weights = choice[drawn].mean(axis=1)
        return found | self._outcome(choice.mean(axis=0), weights, units, several=several)

    def _units(self, estimates: int) -> int:
        """Return how many units are drawn: targets, or the fewer of what there are several."""
        if self._draws is not None:
            return len(self.truth.targets)
        counts = (estimates, self.truth.ranks.shape[-1])
        return min((count for count in counts if count > 1), default=1)

    def cross_fitted(self) -> Statistics:
        """Return the same of the source that half of the seeds choose and the other half judge."""
        pairs, within = split_half_agreement(self.truth, SPLITS, self._bootstrap.seed)
        units = self._units(1)
        found: Statistics = {
            "spearman": (pairs, None, units),
            "spearman_within": (within, None, units),
        }
        names = ("mean_rank", "regret", "regret_cross_fitted", "top1", "top2")
        if self._oracle is None:
            return found | dict.fromkeys(names, (float("nan"), None, units))
        at_hand, resampled = self._oracle
        targets = np.arange(len(self._best))
        best = self.truth.mean_ranks[targets, self._best]
        drawn_best = resampled.judged[:, targets, self._best]
        found["mean_rank"] = (
            float(at_hand.mean_ranks.mean()),
            self._over_targets(resampled.mean_ranks),
            units,
        )
        found["regret"] = (
            float((at_hand.mean_ranks - best).mean()),
            self._over_targets(resampled.mean_ranks - drawn_best),
            units,
        )
        found["regret_cross_fitted"] = (0.0, None, units)
        found["top1"] = (float(at_hand.first.mean()), None, units)
        found["top2"] = (float(at_hand.second.mean()), None, units)
        return found

    def _outcome(
        self,
        choice: NDArray[np.float64],
        weights: NDArray[np.float64],
        units: int,
        *,
        several: bool,
    ) -> Statistics:
        """Return what choices ``(T, S)`` and their resamples come to."""
        ranks = np.where(self.truth.measured, self.truth.mean_ranks, 0.0)
        targets = np.arange(len(ranks))
        got = (choice * ranks).sum(axis=-1)
        drawn = (weights * self._ranks).sum(axis=-1)
        lost = got - ranks[targets, self._best]
        # The best source is held fixed: the minimum of a resample would be lower every time.
        drawn_lost = drawn - self._ranks[:, targets, self._best]
        told = several or self._several
        found: Statistics = {
            "mean_rank": (float(got.mean()), self._over_targets(drawn) if told else None, units),
            "regret": (float(lost.mean()), self._over_targets(drawn_lost) if told else None, units),
            "regret_cross_fitted": (float("nan"), None, units),
        }
        if self._oracle is not None:
            at_hand, resampled = self._oracle
            fitted = got - at_hand.mean_ranks.mean(axis=0)
            judged = np.where(self.truth.measured, resampled.judged, 0.0)
            drawn_fitted = (weights * judged).sum(axis=-1) - resampled.mean_ranks
            found["regret_cross_fitted"] = (
                float(fitted.mean()),
                self._over_targets(drawn_fitted),
                units,
            )
        for name, hits in self._hits.items():
            shares = self._over_targets((weights * hits).sum(axis=-1))
            estimate = float((choice * hits).sum(axis=-1).mean())
            found[name] = (estimate, shares if several else None, units)
        return found

    def _over_pairs(self, each: SourceEstimates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return correlations over all pairs: ``(G,)``, and of resamples ``(G, resamples)``."""
        seeds = len(each.seeds)
        similarity = each.similarity.reshape(seeds, -1)
        gains, drawn = self.truth.gains.reshape(1, -1), self._gains.reshape(len(self._gains), -1)
        at_hand = spearman(similarity, gains)[:, 0]
        if self._draws is None:
            return at_hand, spearman(similarity, drawn)
        cells = np.arange(similarity.shape[1]).reshape(each.measured.shape)
        held = cells[self._draws].reshape(len(self._draws), -1)
        return at_hand, spearman_rows(similarity[:, held], gains[:, held])

    def _within(self, each: SourceEstimates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same within targets, mean over targets."""
        found = [
            (
                spearman(each.similarity[:, t], self.truth.gains[t][None]),
                spearman(each.similarity[:, t], self._gains[:, t]),
            )
            for t in range(len(self.truth.targets))
        ]
        at_hand = known_mean(np.stack([one for one, _ in found], axis=-1))[:, 0]
        resampled = np.stack([many for _, many in found], axis=-1)
        if self._draws is not None:
            resampled = resampled[:, 0][:, self._draws]
        return at_hand, known_mean(resampled)

    def _over_targets(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean over the targets of each resample.

        Args:
            values: ``(resamples, T)``, or ``(1, T)`` where targets are resampled and nothing else.
        """
        if self._draws is not None:
            values = values[0][self._draws]
        return np.asarray(values.mean(axis=1))

    @cached_property
    def _oracle(self) -> tuple[Oracle, Oracle] | None:
        """The cross-fitted oracle, and its resamples."""
        ranks, seed = self.truth.ranks, self._bootstrap.seed
        at_hand = cross_fitted_oracle(ranks, SPLITS, seed, resampled=False)
        if at_hand is None:
            return None
        if self._draws is not None:
            return at_hand, at_hand.mean_over_splits
        drawn = cross_fitted_oracle(ranks, self._bootstrap.resamples, seed, resampled=True)
        return None if drawn is None else (at_hand, drawn)
