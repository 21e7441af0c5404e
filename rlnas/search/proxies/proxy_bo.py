"""ProxyBO: a surrogate and zero-cost proxies, each with the influence that it has earned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.candidates import Candidates
from rlnas.search.bayesian.forest import Forest
from rlnas.search.bayesian.gaussian_process import GaussianProcess
from rlnas.search.bayesian.optimisation import ModelBasedSearch, Observed, Running, first_best
from rlnas.search.bayesian.surrogate import Floats, Ints, Prediction, Surrogate, is_listed
from rlnas.search.proxies.known import AUTO, KnownProxies, known_architectures
from rlnas.search.proxies.places import Places, ranks_of
from rlnas.search.proxies.reliability import falling_temperature, influence_of, ordering_ability
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import QueryLedger

Model = Literal["forest", "gp", "none"]
Combine = Literal["rank_sum", "sample"]
Influence = Literal["measured", "fixed"]

PUBLISHED = ("snip", "jacov", "synflow")
"""The proxies of the paper."""


@dataclass
class ProxyRunning(Running):
    """What one search works with.

    Attributes:
        proxies: Its proxies.
        pool: The architectures whose proxies it computes, where they are not only read.
        places: By every proxy (and its negative), over a space that is listed and proxies that are
            only read; None elsewhere.
    """

    proxies: KnownProxies
    pool: Architecture
    places: Places | None


@dataclass(frozen=True, kw_only=True)
class ProxyBO(ModelBasedSearch):
    """Bayesian optimisation in which proxies have the influence that they have earned.

    Source: Shen, Li, Zheng, Zhang, Yao, Li, Yang, Liu & Cui, "ProxyBO: Accelerating Neural
    Architecture Search via Bayesian Optimization with Zero-cost Proxies", AAAI 2023,
    arXiv 2110.10423.

    Before each query the surrogate, on cross-validated predictions, and each proxy are asked how
    well they order what was observed (`ordering_ability`). A softmax of these abilities, at a
    temperature that falls with the observations, is their influence. The candidates are ranked by
    expected improvement and by each proxy; the least sum of ranks, weighted by influence, is
    queried. Only ranks of a proxy count. What has no value of a proxy ranks last by it.

    The paper's code is not public. The number of folds, of first queries and of candidates, and the
    forest's settings (see `Forest`) are ours; an early citation describes the paper's method as
    drawing one predictor, which ``combine="sample"`` does.

    The result notes for each query, of the ``surrogate`` and each proxy, ``ability/…``,
    ``influence/…`` and ``rank/…`` (of what was chosen, 1 is best), and the number of candidates.

    Attributes:
        proxies: Names of proxies; ``auto``: snip, jacov and synflow, the paper's, as far as the
            task has them, or all that it has; none at all makes it plain Bayesian optimisation.
        negated: Whether each proxy also takes part with its order reversed.
        surrogate_model: ``forest``, ``gp``, or ``none``, which leaves the proxies alone.
        combine: ``rank_sum``, or ``sample``: one predictor is drawn by its influence, and its best
            is queried.
        influence: ``measured``, or ``fixed``: the same for all.
        abilities: Abilities told from outside in place of measured ones, of the surrogate (unless
            it is ``none``), then of each proxy, then of each negated one; none by default. What an
            oracle would say is an ablation, not a method.
        temperature: τ₀, above 0; .05 is nearly a hard choice of the most able.
        folds: Folds of the cross-validation, 2 or more.
        live: Architectures, drawn once, whose proxies are computed, where they are not in a table;
            twice the queries at least.

    Raises:
        InvalidArgumentError: If an option is outside its range.
    """

    name = "proxybo"

    proxies: tuple[str, ...] = AUTO
    negated: bool = False
    surrogate_model: Model = "forest"
    combine: Combine = "rank_sum"
    influence: Influence = "measured"
    abilities: tuple[float, ...] = ()
    temperature: float = 0.05
    folds: int = 5
    live: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        for option, known in (
            ("surrogate_model", Model),
            ("combine", Combine),
            ("influence", Influence),
        ):
            if getattr(self, option) not in get_args(known):
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)!r}; expected one of {get_args(known)}."
                )
        for option, least in (("folds", 2), ("live", 1)):
            value = getattr(self, option)
            if value != int(value) or value < least:
                raise InvalidArgumentError(
                    f"{option} is {value}; expected an integer of {least} or more."
                )
            object.__setattr__(self, option, int(value))
        if not 0 < self.temperature < np.inf:
            raise InvalidArgumentError(f"temperature is {self.temperature}; expected above 0.")
        object.__setattr__(self, "proxies", tuple(self.proxies))
        object.__setattr__(self, "abilities", tuple(float(each) for each in self.abilities))

    def options(self) -> dict[str, object]:
        """Return all options."""
        lists = {"proxies": list(self.proxies), "abilities": list(self.abilities)}
        return {**super().options(), **lists}

    def surrogate(self, space: SearchSpace, rng: np.random.Generator) -> Surrogate:
        """Return the surrogate."""
        if self.surrogate_model == "gp":
            return GaussianProcess(space, rng)
        return Forest(space, rng) if self.surrogate_model == "forest" else _Nothing(space, rng)

    def _begin(self, ledger: QueryLedger, rng: np.random.Generator) -> ProxyRunning:
        proxies = KnownProxies(ledger, self.proxies, PUBLISHED)
        count = (1 + self.negated) * len(proxies.names) + (self.surrogate_model != "none")
        if self.abilities and len(self.abilities) != count:
            raise InvalidArgumentError(
                f"There are {len(self.abilities)} abilities; expected {count}, one for each "
                "predictor."
            )
        pool = np.zeros((0, ledger.space.num_positions), dtype=np.int8)
        if not proxies.free:
            pool = known_architectures(ledger, rng, proxies, self.pool, self.live)
        surrogate = self.surrogate(ledger.space, rng)
        candidates = Candidates(ledger, rng, self.pool)
        places = None
        if proxies.names and proxies.free and is_listed(ledger.space):
            places = Places(self._told(proxies, ledger.space.arrays)[1])
        return ProxyRunning(ledger, rng, candidates, surrogate, proxies, pool, places)

    def _choose(self, search: Running, observed: Observed, open_: Architecture) -> Architecture:
        """Return what the predictors together want."""
        if not isinstance(search, ProxyRunning) or not search.proxies.names:
            return super()._choose(search, observed, open_)
        if not search.proxies.free:
            left = search.candidates.unseen(search.pool)
            for other in observed.vectors[observed.known :]:
                left = search.candidates.without(left, other)
            if not len(left):
                return super()._choose(search, observed, open_)
            open_ = left
        names, ranks = self._ranks(search, open_, self.promise(search, observed, open_))
        abilities = self._abilities(search, observed)
        if self.influence == "fixed":
            influence = np.full(len(names), 1 / len(names))
        else:
            temperature = falling_temperature(self.temperature, observed.known)
            influence = influence_of(abilities, temperature)
        if self.combine == "sample":
            wanted = -ranks[search.rng.choice(len(names), p=influence)]
        else:
            wanted = -(influence @ ranks)
        chosen = first_best(wanted, search.rng)
        notes = {"rank/candidates": float(len(open_))}
        for number, name in enumerate(names):
            notes[f"ability/{name}"] = float(abilities[number])
            notes[f"influence/{name}"] = float(influence[number])
            notes[f"rank/{name}"] = float(ranks[number, chosen])
        search.ledger.note(open_[chosen], notes)
        return np.asarray(open_[chosen])

    def _predictors(
        self, search: ProxyRunning, vectors: Architecture, surrogate: Floats
    ) -> tuple[list[str], Floats]:
        """Return the names of predictors and what they say ``(predictors, n)``."""
        names, rows = self._told(search.proxies, vectors)
        if self.surrogate_model == "none":
            return names, rows
        return ["surrogate", *names], np.concatenate([surrogate[None], rows])

    def _told(self, proxies: KnownProxies, vectors: Architecture) -> tuple[list[str], Floats]:
        """Return the names of proxies, and negated ones, and what they say ``(proxies, n)``."""
        values = proxies.values(vectors)
        names, rows = list(proxies.names), [*values]
        if self.negated:
            names += [f"-{name}" for name in proxies.names]
            rows += [np.where(np.isfinite(row), -row, -np.inf) for row in values]
        return names, np.stack(rows)

    def _ranks(
        self, search: ProxyRunning, vectors: Architecture, surrogate: Floats
    ) -> tuple[list[str], Floats]:
        """Return the names of predictors and ranks by them ``(predictors, n)``, 1 for the best."""
        if search.places is None:
            names, worth = self._predictors(search, vectors, surrogate)
            return names, ranks_of(worth)
        names = list(search.proxies.names)
        names += [f"-{name}" for name in names] if self.negated else []
        ranks = search.places.ranks(search.ledger.space.index(vectors))
        if self.surrogate_model == "none":
            return names, ranks
        return ["surrogate", *names], np.concatenate([ranks_of(surrogate[None]), ranks])

    def _abilities(self, search: ProxyRunning, observed: Observed) -> Floats:
        """Return the ability of each predictor."""
        if self.abilities:
            return np.array(self.abilities)
        vectors, scores = observed.vectors[: observed.known], observed.scores[: observed.known]
        held = np.zeros(len(scores))
        if self.surrogate_model != "none":
            folds = search.rng.permutation(len(scores)) % min(self.folds, len(scores))
            held = search.surrogate.cross_validated(vectors, scores, folds)
        _, predicted = self._predictors(search, vectors, held)
        return ordering_ability(predicted, scores)


class _Nothing(Surrogate):
    """A surrogate that knows nothing."""

    def fit(self, vectors: Architecture, scores: Floats) -> None:
        """Learn nothing."""

    def predict(self, vectors: Architecture) -> Prediction:
        """Predict the same of all."""
        return Prediction(np.zeros(len(vectors)), np.ones(len(vectors)))

    def cross_validated(self, vectors: Architecture, scores: Floats, folds: Ints) -> Floats:
        """Predict the same of all."""
        return np.zeros(len(scores))
