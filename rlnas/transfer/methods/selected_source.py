"""Selected source: probe the target, choose among source policies, and act by the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from rlnas.agents.targets.acting import Cohort
from rlnas.errors import InvalidArgumentError
from rlnas.search import SideBySideSearcher
from rlnas.search.options import make_config
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger
from rlnas.transfer.methods.base import Generators, Ledgers
from rlnas.transfer.methods.source_policies import SourcePolicies
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.similarity.registry import make_estimator
from rlnas.transfer.similarity.selector import Selection, SourceSelector
from rlnas.transfer.sources import Source, SourcePool


@dataclass(frozen=True, kw_only=True)
class SelectedSourceConfig:
    """When the choice may change, and where episodes begin.

    Attributes:
        rerank_every: New queries between two rankings, 1 or more.
        start: Where episodes begin: at the ``best`` architecture queried so far, which the probes
            make a good one, or at ``random``.
    """

    rerank_every: int = 5
    start: Literal["best", "random"] = "best"

    def __post_init__(self) -> None:
        if self.rerank_every < 1:
            raise InvalidArgumentError(f"rerank_every is {self.rerank_every}; expected 1 or more.")
        if self.start not in ("best", "random"):
            raise InvalidArgumentError(f"start is {self.start!r}; expected 'best' or 'random'.")


class SelectedSource(SideBySideSearcher):
    """Spend probes, then act by the policy of the source that they speak for, without learning.

    The probes count within the budget. As queries come in the sources are ranked again, by all that
    was queried so far, and the choice changes where another source is clearly more probable.

    Args:
        sources: The sources, with their results where the selector's estimator needs them; their
            controllers must share an environment.
        selector: How a source is chosen; by default by `PosteriorHead`, with 10 probes.
        config: The options.
        options: Fields of `SelectedSourceConfig` to set, e.g. ``rerank_every=10``.

    Raises:
        InvalidArgumentError: If there is no source, they differ in environment, there is no such
            option, or it is out of range.
    """

    name = "selected-source"
    takes = ("several",)
    compares_results = True
    Config = SelectedSourceConfig

    def __init__(
        self,
        sources: Sequence[Source],
        selector: SourceSelector | None = None,
        config: SelectedSourceConfig | None = None,
        **options: Any,
    ) -> None:
        if not sources:
            raise InvalidArgumentError("There is no source to choose; expected one or more.")
        if len({source.controller.config.environment for source in sources}) > 1:
            raise InvalidArgumentError(
                "The sources' controllers were trained in different environments; expected one."
            )
        self.config = make_config(self.Config, config, options, self.name)
        self.sources = tuple(sources)
        self.selector = selector or SourceSelector(make_estimator("posterior-head"))
        self.selections: list[Selection[Source]] = []

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> SelectedSource:
        """Return the method of a pool's sources."""
        return cls(pool.sources, **options)

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        self.selections = [
            self.selector.select(self.sources, ledger, rng)
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        config = self.sources[0].controller.config
        policies = SourcePolicies([s.controller for s in self.sources], ledgers[0].space)
        running = [number for number, ledger in enumerate(ledgers) if not ledger.exhausted]
        if not running:
            return
        cohort = Cohort(
            config.environment,
            config.acting,
            [ledgers[number] for number in running],
            [rngs[number] for number in running],
            rewards=False,
            start=best_queried if self.config.start == "best" else None,
        )
        due = np.array([ledger.queries + self.config.rerank_every for ledger in ledgers])
        while len(cohort.rows):
            numbers = [running[row] for row in cohort.rows]
            weights = np.stack([self.selections[number].weights for number in numbers])
            obs = torch.from_numpy(cohort.core.observe(cohort.state))
            with torch.no_grad():
                logits = policies.logits(obs[None])[:, 0].double()
            mixed = mixture(logits, torch.from_numpy(weights)).numpy()
            noise = np.stack([rng.gumbel(size=mixed.shape[1]) for rng in cohort.rngs])
            cohort.step(np.asarray((mixed + noise).argmax(axis=1)))
            cohort.leave()
            for number in (running[row] for row in cohort.rows):
                if ledgers[number].queries >= due[number]:
                    self.selector.update(self.selections[number], ledgers[number], rngs[number])
                    due[number] = ledgers[number].queries + self.config.rerank_every

    def options(self) -> Mapping[str, object]:
        """Return the estimator, the selector's settings and the sources."""
        return {
            "estimator": self.selector.estimator.name,
            "probes": self.selector.probes,
            "mode": self.selector.mode,
            "margin": self.selector.margin,
            **asdict(self.config),
            "sources": [source.name for source in self.sources],
        }


def best_queried(ledger: QueryLedger, rng: np.random.Generator) -> Architecture:
    """Return the best architecture queried so far ``(P,)``, or a random one before the first."""
    if ledger.best is None:
        return np.asarray(ledger.space.sample(1, rng)[0])
    return ledger.best.vector


def mixture(logits: Tensor, weights: Tensor) -> Tensor:
    """Return the log-probabilities ``(N, A)`` of mixtures of policies.

    Args:
        logits: ``(S, N, A)`` masked logits of each policy.
        weights: ``(N, S)`` weights that sum to 1 in each row.
    """
    return torch.logsumexp(logits.log_softmax(dim=2) + weights.T[:, :, None].log(), dim=0)
