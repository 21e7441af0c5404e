"""Policy return: how well the sources' policies do on the target within a few steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from rlnas.envs import LedgerScorer, RunningTransform, make_core
from rlnas.errors import BudgetExhaustedError
from rlnas.tasks import QueryLedger
from rlnas.transfer.similarity.estimators.base import Needs, SimilarityEstimator
from rlnas.transfer.similarity.evidence import gaussian_ranks
from rlnas.transfer.similarity.policy_preference import controller_of
from rlnas.transfer.similarity.ranking import SimilarityRanking, ranking_of_draws
from rlnas.transfer.similarity.source_task import Floats, SourceTask

if TYPE_CHECKING:
    from torch import nn

_BETWEEN = 0.5  # variance of the sources' true means over that of a single value
_DRAWS = 1000  # from the posterior


Trials = dict[str, list[float]]
"""Scores that each source's policy met on a target, by name of the source."""


class PolicyReturn(SimilarityEstimator):
    """The mean value of what each source's policy queried, the policies taking turns.

    Each policy runs an episode of its own on the target, all from one start drawn uniformly, so
    that what differs is the policy. They take a step each in turn until the probes are spent; an
    architecture that another policy has queried is free. A value is the normal quantile of a
    score's rank among all queried ones.

    The mean of so few values is shrunk: each source's mean is normal with the pooled variance of
    single values, its prior is centred at the mean over all with half that variance.
    """

    name = "policy-return"
    needs = frozenset[Needs]({"policies"})

    def __init__(self) -> None:
        self._trials: WeakKeyDictionary[QueryLedger, Trials] = WeakKeyDictionary()

    def probe(
        self,
        sources: Sequence[SourceTask],
        ledger: QueryLedger,
        rng: np.random.Generator,
        queries: int,
    ) -> None:
        """Let the policies take turns; see `SimilarityEstimator.probe`."""
        limit = ledger.queries + queries
        if queries < 1 or ledger.exhausted:
            return
        trials = self._trials.setdefault(ledger, {})
        start = ledger.space.sample(1, rng)
        ledger.query(start[0])
        episodes = [_Episode(source, ledger, start, rng) for source in sources]
        turns = 0
        # Free steps end too: policies that only meet what is known teach nothing more.
        while ledger.queries < limit and turns < 20 * queries:
            for number in rng.permutation(len(episodes)):
                if ledger.queries >= limit:
                    break
                try:
                    score = episodes[number].step(rng)
                except BudgetExhaustedError:
                    return
                trials.setdefault(sources[number].name, []).append(score)
            turns += 1

    def rank(
        self, sources: Sequence[SourceTask], ledger: QueryLedger, rng: np.random.Generator
    ) -> SimilarityRanking:
        """See `SimilarityEstimator.rank`; the similarity is a mean normal quantile.

        Only what the policies met during `probe` counts; what came later is another search's
        doing. It is placed among all that was queried by now.
        """
        met = self._trials.get(ledger, {})
        values = [_values(met.get(source.name, []), ledger) for source in sources]
        everything = np.concatenate(values)
        centre = float(everything.mean()) if len(everything) else 0.0
        noise = max(float(everything.var()) if len(everything) > 1 else 1.0, 1e-6)
        count = np.array([len(v) for v in values], dtype=np.float64)
        total = np.array([v.sum() for v in values])
        precision = count + 1.0 / _BETWEEN
        mean = (total + centre / _BETWEEN) / precision
        spread = np.sqrt(noise / precision)
        draws = mean + spread * rng.normal(size=(_DRAWS, len(sources)))
        return ranking_of_draws(self.name, sources, mean, draws, ledger)


class _Episode:
    """An episode of a source's policy on a target, begun anew at the start when it ends."""

    def __init__(
        self,
        source: SourceTask,
        ledger: QueryLedger,
        start: Any,
        rng: np.random.Generator,
    ) -> None:
        controller = controller_of(source)
        self.network: nn.Module = controller.network_for(ledger.space).to("cpu")
        self.temperature = controller.config.acting.temperature
        scorer = LedgerScorer(ledger, RunningTransform("identity"), avoid_known=False)
        self.core = make_core(scorer, controller.config.environment)
        self.start = start
        self.state: Any = self.core.reset(1, rng, start)

    def step(self, rng: np.random.Generator) -> float:
        """Take a step and return the score it met, NaN for none or a failed one."""
        import torch

        with torch.no_grad():
            logits = self.network(torch.from_numpy(self.core.observe(self.state)))[0].double()
        if self.temperature > 0:
            noise = torch.from_numpy(rng.gumbel(size=logits.shape))
            logits = logits / self.temperature + noise
        action = logits.argmax(dim=1).numpy()
        before = self.state
        self.state, _, ended = self.core.step(before, action)
        score = _met(before, self.state)
        if ended[0]:
            self.state = self.core.reset(1, rng, self.start)
        return score


def _met(before: Any, after: Any) -> float:
    """Return the score of the architecture that a step led to, were it undone or not."""
    if hasattr(after, "visited_scores"):
        return float(after.visited_scores[0, after.steps[0]])
    return float(after.scores[0])


def _values(scores: Sequence[float], ledger: QueryLedger) -> Floats:
    """Return the normal quantiles of scores' ranks among all queried ones, failed ones left out."""
    known = ledger.scores()
    known = np.unique(known[np.isfinite(known)])
    met = np.array([score for score in scores if np.isfinite(score)])
    if not len(met):
        return met
    return np.asarray(gaussian_ranks(known)[np.searchsorted(known, met)])
