"""RoBoT: which weighted sum of proxies is the best, learnt by Bayesian optimisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.bayesian.gaussian_process import KernelPrior
from rlnas.search.bayesian.posterior import PosteriorConfig, TargetPosterior
from rlnas.search.bayesian.surrogate import Floats
from rlnas.search.proxies.known import AUTO, KnownProxies, known_architectures
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

PUBLISHED = ("grad_norm", "snip", "grasp", "fisher", "synflow", "jacov")
"""The proxies of the paper."""

_WEIGHTS = 1000
_MOST_STEPS = 1000


@dataclass(frozen=True, kw_only=True)
class RoBoT(Searcher):
    """Learn the weights of a sum of proxies, then go down the list of the best sum.

    Source: He, Shu, Dai & Low, "Robustifying and Boosting Training-Free Neural Architecture
    Search", ICLR 2024, arXiv 2403.07591.

    Proxies are scaled to [0, 1] over the space. As many times as there are queries, weights in
    [−1, 1] are chosen by the upper confidence bound of a Gaussian process, and the architecture
    with the greatest weighted sum is queried, or looked up if it is known. What is left of the
    budget goes down the list of the weights whose first architecture was the best. The weights are
    chosen among 1,000 random ones; the kernel is a squared exponential of length 1 (ours).

    Attributes:
        proxies: Names of proxies; ``auto``: the paper's grad_norm, snip, grasp, fisher, synflow and
            jacov as far as the task has them, or all that it has.
        beta: Deviations that the confidence bound adds, 0 or more.
        pool: Random architectures that are ranked where a space cannot be listed.
        live: The same where proxies have to be computed.
    """

    name = "robot"
    by_name = True

    proxies: tuple[str, ...] = AUTO
    beta: float = 2.576
    pool: int = 1000
    live: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "proxies", tuple(self.proxies))
        if not 0 <= self.beta < np.inf:
            raise InvalidArgumentError(f"beta is {self.beta}; expected 0 or more.")

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return {**asdict(self), "proxies": list(self.proxies)}

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        proxies = KnownProxies(ledger, self.proxies, PUBLISHED)
        sampler = UnseenSampler(ledger, rng)
        if proxies.names:
            vectors = known_architectures(ledger, rng, proxies, self.pool, self.live)
            scaled = _scaled(proxies.values(vectors))
            self._go_down(ledger, vectors, self._learn(ledger, rng, vectors, scaled) @ scaled)
        while not ledger.exhausted:
            drawn = sampler.draw_many(min(ledger.in_flight, ledger.remaining))
            if not drawn:
                return
            ledger.query_many(drawn)

    def _learn(
        self, ledger: QueryLedger, rng: np.random.Generator, vectors: Architecture, scaled: Floats
    ) -> Floats:
        """Return the best weights ``(P,)``."""
        weights = rng.uniform(-1, 1, size=(_WEIGHTS, len(scaled)))
        tops = np.concatenate([(part @ scaled).argmax(axis=1) for part in np.split(weights, 20)])
        prior = KernelPrior(
            _WEIGHTS, lambda i: np.exp(-np.square(weights - weights[i]).sum(axis=1) / 2)
        )
        belief = TargetPosterior(
            prior,
            PosteriorConfig(
                linear=0,
                smooth=0,
                operations=0,
                structure=1,
                scale="z-score",
                exploration=self.beta,
            ),
        )
        untried = np.ones(_WEIGHTS, dtype=np.bool_)
        best, most = weights[0], -np.inf
        for _ in range(min(ledger.remaining, _WEIGHTS, _MOST_STEPS)):
            if ledger.exhausted:
                break
            worth = np.where(untried, belief.worth(), -np.inf)
            chosen = int(rng.choice(np.flatnonzero(worth == worth.max())))
            untried[chosen] = False
            evaluation = ledger.query(vectors[tops[chosen]])
            if evaluation.failed:
                continue
            belief.observe(chosen, evaluation.score)
            if evaluation.score > most:
                best, most = weights[chosen], evaluation.score
        return np.asarray(best)

    def _go_down(self, ledger: QueryLedger, vectors: Architecture, sums: Floats) -> None:
        order = np.argsort(-sums, kind="stable")
        for first in range(0, len(order), ledger.in_flight):
            if ledger.exhausted:
                return
            ledger.query_many(vectors[order[first : first + ledger.in_flight]])


def _scaled(values: Floats) -> Floats:
    """Return proxies ``(P, n)`` scaled to [0, 1]; what has no value is 0."""
    known = np.where(np.isfinite(values), values, np.nan)
    known[np.isnan(known).all(axis=1)] = 0.0
    low, high = np.nanmin(known, axis=1), np.nanmax(known, axis=1)
    spread = np.where(high > low, high - low, 1.0)
    return np.asarray(np.nan_to_num((known - low[:, None]) / spread[:, None], nan=0.0))
