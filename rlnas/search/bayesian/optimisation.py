"""Bayesian optimisation: query what a surrogate finds most promising."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.bayesian.acquisition import Acquisition, promise
from rlnas.search.bayesian.candidates import Candidates
from rlnas.search.bayesian.ensemble import Ensemble
from rlnas.search.bayesian.forest import Forest, Variance
from rlnas.search.bayesian.gaussian_process import GaussianProcess, Kernel
from rlnas.search.bayesian.surrogate import Floats, Surrogate, is_listed
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture, SearchSpace
from rlnas.statistics.score_scales import robust
from rlnas.tasks import QueryLedger

Liar = Literal["worst", "mean", "best"]

_CLIMBS = 5
"""Most steps of the local search where a space is not listed."""


class Observed(NamedTuple):
    """What was queried and succeeded, and what is assumed of queries in flight.

    Attributes:
        vectors: ``(T, num_positions)``.
        scores: ``(T,)``.
        known: How many of them, the first, were really measured.
    """

    vectors: Architecture
    scores: Floats
    known: int


@dataclass
class Running:
    """What one search works with.

    Attributes:
        ledger: Its ledger.
        rng: Its generator.
        candidates: What it may query.
        surrogate: Its model.
    """

    ledger: QueryLedger
    rng: np.random.Generator
    candidates: Candidates
    surrogate: Surrogate


@dataclass(frozen=True, kw_only=True)
class ModelBasedSearch(Searcher):
    """Queries by a surrogate: fit, predict, query what promises most.

    A failed query costs its budget, never enters the model, and is not asked again. Where the
    objective works on several architectures at once (`QueryLedger.in_flight`), each one of a batch
    is chosen as if those before it had been measured and had come to an assumed score (the constant
    liar: Ginsbourger, Le Riche & Carraro 2010).

    Attributes:
        acquisition: What a query promises: expected improvement ``ei``, an upper confidence bound
            ``ucb``, or a draw from the prediction, ``thompson``.
        beta: Deviations that ``ucb`` adds, 0 or more.
        initial: Random queries before the first that is chosen, 2 or more.
        pool: Random candidates where a space has more than 20,000 architectures, 1 or more; beside
            them stand the neighbours of the best five, and where it leads from there.
        liar: What queries in flight are assumed to come to: the ``worst``, ``mean`` or ``best``
            score so far.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    by_name = True

    acquisition: Acquisition = "ei"
    beta: float = 1.0
    initial: int = 10
    pool: int = 1000
    liar: Liar = "worst"

    def __post_init__(self) -> None:
        for option, known in (("acquisition", Acquisition), ("liar", Liar)):
            if getattr(self, option) not in get_args(known):
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)!r}; expected one of {get_args(known)}."
                )
        for option, least in (("initial", 2), ("pool", 1)):
            value = getattr(self, option)
            if value != int(value) or value < least:
                raise InvalidArgumentError(
                    f"{option} is {value}; expected an integer of {least} or more."
                )
            object.__setattr__(self, option, int(value))
        if not 0 <= self.beta < np.inf:
            raise InvalidArgumentError(f"beta is {self.beta}; expected 0 or more.")

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return asdict(self)

    @abc.abstractmethod
    def surrogate(self, space: SearchSpace, rng: np.random.Generator) -> Surrogate:
        """Return a new surrogate for a search."""

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = UnseenSampler(ledger, rng)
        search = self._begin(ledger, rng)
        while not ledger.exhausted:
            scores = ledger.scores()
            good = np.isfinite(scores)
            missing = self.initial - ledger.queries
            batch: list[Architecture] = []
            if missing <= 0 and good.sum() >= 2:
                known = int(good.sum())
                batch = self._batch(search, Observed(ledger.vectors()[good], scores[good], known))
            if not batch:
                wanted = missing if missing > 0 else ledger.in_flight
                batch = sampler.draw_many(min(wanted, ledger.remaining))
            if not batch:
                return
            ledger.query_many(batch)

    def _begin(self, ledger: QueryLedger, rng: np.random.Generator) -> Running:
        """Return what a search works with."""
        candidates = Candidates(ledger, rng, self.pool)
        return Running(ledger, rng, candidates, self.surrogate(ledger.space, rng))

    def _batch(self, search: Running, observed: Observed) -> list[Architecture]:
        """Return what to query together."""
        candidates, ledger = search.candidates, search.ledger
        open_ = candidates.open()
        measured = observed.scores
        lie = {"worst": measured.min(), "mean": measured.mean(), "best": measured.max()}[self.liar]
        together = min(ledger.in_flight, ledger.remaining)
        batch: list[Architecture] = []
        while len(open_):
            search.surrogate.fit(observed.vectors, observed.scores)
            chosen = self._choose(search, observed, open_)
            batch.append(chosen)
            if len(batch) >= together:
                break
            open_ = candidates.without(open_, chosen)
            vectors = np.concatenate([observed.vectors, chosen[None]])
            observed = Observed(vectors, np.append(observed.scores, lie), observed.known)
        return batch

    def _choose(self, search: Running, observed: Observed, open_: Architecture) -> Architecture:
        """Return the candidate that promises most; by local search where no list is whole."""
        worth = self.promise(search, observed, open_)
        chosen = first_best(worth, search.rng)
        best, most = open_[chosen], float(worth[chosen])
        if is_listed(search.ledger.space):
            return np.asarray(best)
        candidates = search.candidates
        for _ in range(_CLIMBS):
            around = candidates.unseen(candidates.neighbours(best[None]))
            for other in observed.vectors[observed.known :]:
                around = candidates.without(around, other)
            if not len(around):
                break
            worth = self.promise(search, observed, around)
            chosen = first_best(worth, search.rng)
            if worth[chosen] <= most:
                break
            best, most = around[chosen], float(worth[chosen])
        return np.asarray(best)

    def promise(self, search: Running, observed: Observed, vectors: Architecture) -> Floats:
        """Return what a query of each of some architectures promises ``(n,)``."""
        best = float(robust(observed.scores).max())
        prediction = search.surrogate.predict(vectors)
        return promise(self.acquisition, prediction, best, self.beta, search.rng)


def first_best(worth: Floats, rng: np.random.Generator) -> int:
    """Return the number of the best, a random one among equals."""
    return int(rng.choice(np.flatnonzero(worth == worth.max())))


@dataclass(frozen=True, kw_only=True)
class ForestSearch(ModelBasedSearch):
    """Bayesian optimisation with a probabilistic random forest on the operations.

    See `rlnas.search.bayesian.forest.Forest` for the forest and where it is from.

    Attributes:
        variance: ``between`` the trees, as the authors of ProxyBO have it, or ``total``, with that
            within leaves.
    """

    name = "bo-forest"

    variance: Variance = "between"

    def surrogate(self, space: SearchSpace, rng: np.random.Generator) -> Surrogate:
        """Return a forest."""
        return Forest(space, rng, self.variance)


@dataclass(frozen=True, kw_only=True)
class GaussianProcessSearch(ModelBasedSearch):
    """Bayesian optimisation with a Gaussian process on the structure of architectures.

    See `rlnas.search.bayesian.gaussian_process.GaussianProcess`.

    Attributes:
        kernel: ``structure``: by paths through a cell, or what fits another space; ``operations``:
            by the positions that differ.
    """

    name = "bo-gp"

    kernel: Kernel = "structure"

    def surrogate(self, space: SearchSpace, rng: np.random.Generator) -> Surrogate:
        """Return a Gaussian process."""
        return GaussianProcess(space, rng, self.kernel)


@dataclass(frozen=True, kw_only=True)
class EnsembleSearch(ModelBasedSearch):
    """Bayesian optimisation with a forest and two Gaussian processes, in equal parts."""

    name = "bo-ensemble"

    def surrogate(self, space: SearchSpace, rng: np.random.Generator) -> Surrogate:
        """Return the ensemble."""
        return Ensemble(
            [
                Forest(space, rng, "total"),
                GaussianProcess(space, rng, "structure"),
                GaussianProcess(space, rng, "operations"),
            ]
        )
