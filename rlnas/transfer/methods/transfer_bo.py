"""Transfer by a posterior alone: Bayesian optimisation that knows the sources' results.

No policy takes part: the whole space is looked through for what promises most. It is what every
learned searcher that may read the sources' results has to be compared with, and the base of
`GuidedReuse`, in which policies propose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError
from rlnas.plain import whole
from rlnas.search import SideBySideSearcher
from rlnas.search.base import Takes
from rlnas.search.bayesian.choice import Candidate, choose_candidate, draw_weights
from rlnas.search.bayesian.distrust import STRUCTURED, DistrustingPosterior
from rlnas.search.bayesian.posterior import Features, PosteriorConfig, observe_queries
from rlnas.search.bayesian.structure import structure_kernel
from rlnas.search.options import make_config
from rlnas.spaces import SearchSpace
from rlnas.tasks import QueryLedger, Task
from rlnas.transfer.methods.base import Generators, Ledgers
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import Source, SourcePool, further_scores, source_scores

Ints = NDArray[np.int64]


class PosteriorSearch:
    """One search: its ledger, its generator and its posterior.

    Args:
        ledger: The ledger.
        rng: The generator.
        posterior: The posterior, without an observation.
    """

    def __init__(
        self, ledger: QueryLedger, rng: np.random.Generator, posterior: DistrustingPosterior
    ) -> None:
        self.ledger = ledger
        self.rng = rng
        self.posterior = posterior
        self._open = np.ones(ledger.space.size, dtype=np.bool_)
        self._alike = posterior.alike
        self.catch_up()

    def catch_up(self) -> None:
        """Take in what was queried by others, e.g. as probes."""
        observe_queries(self.posterior, self.ledger)
        if len(self.ledger):
            self._open[self.ledger.space.index(self.ledger.vectors())] = False

    @property
    def done(self) -> bool:
        """Whether the budget is spent or everything was asked."""
        return self.ledger.exhausted or not self._open.any()

    def query_best(self, proposed: Ints | None = None) -> None:
        """Query what promises most.

        Args:
            proposed: Indices to choose from; the whole space if there are none, none is new, or
                the posterior wants a random probe.
        """
        worth = np.where(self._open, self.posterior.worth(), -np.inf)
        if proposed is not None and not self.posterior.probing:
            theirs = np.full(len(worth), -np.inf)
            theirs[proposed] = worth[proposed]
            if np.isfinite(theirs).any():
                worth = theirs
        if not np.isfinite(worth).any():  # it would repeat no network, and none is left
            worth = np.where(self._open, 1.0, -np.inf)
        best = np.flatnonzero(worth == worth.max())
        index = int(self.rng.choice(best))
        # What no source tells apart is one network to them: its twins would be asked in vain.
        alike = self._alike == self._alike[index]
        self._open[index] = False
        self.ledger.query(self.ledger.space.from_index([index])[0])
        observe_queries(self.posterior, self.ledger)
        if (self._open & ~alike).any():
            self._open &= ~alike


@dataclass(frozen=True, kw_only=True)
class TransferBOConfig:
    """What the posterior takes from its sources, and when it doubts them.

    Attributes:
        choose: Whether prior and opening are chosen by searching each source with the others as its
            sources; otherwise they are the first candidate's.
        starts: Searches of each source by which they are chosen, 1 or more.
        trusting: Queries before the first random probe; none never doubts the sources.
        jitter: How much the sources' weights in the prior mean vary from search to search: weights
            are drawn from a Dirichlet distribution with this variance against 1 over the sources
            alike; 0 makes all searches of a target the same.
        opening: First queries that are spread over what single sources like, and not by the prior
            mean alone, see `rlnas.search.bayesian.opening.Opening`; 0 or more. None lets the
            sources choose between none and four.
        further: Suites whose tables are sources too, e.g. ``rooms-micro``: on the target's space,
            or on one that holds every architecture of it.
    """

    choose: bool = True
    starts: int = 6
    trusting: int | None = 10
    jitter: float = 0.2
    opening: int | None = 0
    further: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.trusting is not None and self.trusting < 1:
            raise InvalidArgumentError(
                f"trusting is {self.trusting}; expected 1 or more, or None to never doubt."
            )
        if self.opening is not None:
            object.__setattr__(self, "opening", whole(self.opening, "opening"))
        object.__setattr__(self, "starts", whole(self.starts, "starts", 1))
        if not 0 <= self.jitter <= 10:
            raise InvalidArgumentError(f"jitter is {self.jitter}; expected a number in [0, 10].")


CANDIDATES: tuple[PosteriorConfig, ...] = tuple(
    replace(STRUCTURED, prior_mean=mean, log_rank=head, exploration=beta)
    for mean in (0.5, 1.0)
    for head in (0.0, 0.5)
    for beta in (0.5, 1.0)
)
"""The priors among which the sources choose."""

OPENINGS = (0, 4)
"""First queries spread over the sources, among which the sources choose."""


class TransferBO(SideBySideSearcher):
    """Query what a Gaussian process over the sources' results finds most promising.

    Args:
        sources: The source tasks with their results, on the target's space.
        config: The options.
        priors: Candidates for the prior, one or more.
        options: Fields of the configuration to set, e.g. ``trusting=None``.

    Attributes:
        space: The search space.
        config: The options.
        features: What the prior reads.

    Raises:
        InvalidArgumentError: If a source's task is not at hand, there is no source, or no such
            option.
    """

    name = "transfer-bo"
    version = 3  # sources keep what tells their best apart; the log rank is each source's
    takes: tuple[Takes, ...] = ("one", "several")
    compares_results = True
    Config: type[TransferBOConfig] = TransferBOConfig

    def __init__(
        self,
        sources: Sequence[Source],
        config: TransferBOConfig | None = None,
        *,
        priors: Sequence[PosteriorConfig] = CANDIDATES,
        **options: Any,
    ) -> None:
        self.config = make_config(self.Config, config, options, self.name)
        if not priors:
            raise InvalidArgumentError("There is no prior; expected one or more.")
        self.sources = tuple(sources)
        self._scores = source_scores(sources)
        self.space: SearchSpace = sources[0].controller.space
        self.priors = tuple(priors)

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings, **options: Any) -> TransferBO:
        """Return the method of a pool's sources."""
        return cls(pool.sources, **options)

    def known_tasks(self) -> Iterable[Task]:
        """Return the sources' tasks, and those of further suites."""
        return [*super().known_tasks(), *self._further]

    @cached_property
    def _further(self) -> tuple[Task, ...]:
        suites = [load_suite(name) for name in self.config.further]
        return tuple(suite[task] for suite in suites for task in suite)

    @cached_property
    def features(self) -> Features:
        """What the prior reads of every architecture."""
        further = further_scores(self.config.further, self.space)
        columns = np.concatenate([self._scores, further])
        return Features(self.space, columns, structure_kernel(self.space))

    @property
    def prior(self) -> PosteriorConfig:
        """The prior that the sources chose."""
        return self.chosen.prior

    @cached_property
    def chosen(self) -> Candidate:
        """The prior and the opening that the sources chose."""
        openings = OPENINGS if self.config.opening is None else (self.config.opening,)
        candidates = [
            Candidate(prior=prior, opening=opening) for prior in self.priors for opening in openings
        ]
        if not self.config.choose:
            return candidates[0]
        return choose_candidate(
            self.features,
            self._scores,
            candidates,
            starts=self.config.starts,
            jitter=self.config.jitter,
        )

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        if ledgers[0].space.name != self.space.name:
            raise InvalidArgumentError(
                f"The sources' results are on {self.space.name}; the target is on "
                f"{ledgers[0].space.name}. Use a method that needs the policies alone."
            )
        searches = [
            PosteriorSearch(ledger, rng, self._posterior(rng))
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        self._run(searches)

    def _posterior(self, rng: np.random.Generator) -> DistrustingPosterior:
        sources = self.features.scores.shape[1]
        return DistrustingPosterior(
            self.features,
            rng,
            self.chosen.prior,
            trusting=self.config.trusting,
            weights=draw_weights(sources, self.config.jitter, rng),
            opening=self.chosen.opening,
        )

    def _run(self, searches: Sequence[PosteriorSearch]) -> None:
        """Spend the budgets of the searches."""
        for search in searches:
            while not search.done:
                search.query_best()

    def options(self) -> Mapping[str, object]:
        """Return the sources, the prior and the options."""
        return {
            "sources": [source.name for source in self.sources],
            "prior": asdict(self.chosen.prior),
            **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self.config).items()},
            "opening": self.chosen.opening,
        }
