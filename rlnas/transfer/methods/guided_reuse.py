"""Guided reuse: source policies propose, and what is known of the target chooses among them.

Between two queries every source policy runs episodes in imagination, on the scores that a posterior
of the target predicts; of all architectures met on the way the one that promises most is queried.
So the policies say where it is worth looking, and the posterior, which each query sharpens, says
whom to believe. (A controller whose candidates an evaluator filters before they are paid for:
CATCH, Chen et al., ECCV 2020, arXiv 2007.09380, section 3.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from rlnas.agents.engine.actions import choose
from rlnas.agents.networks.masking import MASKED
from rlnas.envs import ImprovementConfig
from rlnas.envs.tensor import TaskTables, TensorImprovement
from rlnas.errors import InvalidArgumentError
from rlnas.search.bayesian.posterior import PosteriorConfig
from rlnas.statistics.score_scales import log_rank
from rlnas.transfer.methods.source_policies import SourcePolicies, check_controllers
from rlnas.transfer.methods.transfer_bo import (
    CANDIDATES,
    Ints,
    PosteriorSearch,
    TransferBO,
    TransferBOConfig,
)
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.similarity.registry import make_estimator
from rlnas.transfer.similarity.selector import Selection, SourceSelector
from rlnas.transfer.sources import Source, SourcePool


@dataclass(frozen=True, kw_only=True)
class GuidedReuseConfig(TransferBOConfig):
    """Who proposes, how much, and when the choice may change; the rest as in `TransferBOConfig`.

    Attributes:
        episodes: Imagined episodes of each policy before each query, 1 or more.
        proposals: Who proposes: the source ``policies``, or ``random`` edits, as many, which
            tells what the policies are worth.
        rerank_every: New queries between two choices of a selector, 1 or more.
    """

    episodes: int = 4
    proposals: Literal["policies", "random"] = "policies"
    rerank_every: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.episodes, self.rerank_every) < 1:
            raise InvalidArgumentError(
                f"episodes is {self.episodes}, rerank_every {self.rerank_every}; expected 1 or "
                "more of both."
            )
        if self.proposals not in ("policies", "random"):
            raise InvalidArgumentError(
                f"proposals is {self.proposals!r}; expected 'policies' or 'random'."
            )


class GuidedReuse(TransferBO):
    """Query what a posterior of the target finds best among the proposals of source policies.

    Args:
        sources: The source tasks with their controllers and results, on the target's space.
        config: The options.
        priors: Candidates for the prior, one or more.
        selector: Chooses whose policies propose, and may change its mind as queries come in; its
            probes count within the budget. None lets all policies propose.
        options: Fields of `GuidedReuseConfig` to set, e.g. ``episodes=8``.

    Raises:
        InvalidArgumentError: If there is no such option, it is out of range, a source's task is
            not at hand, or its controller does not improve architectures.
    """

    name = "guided-reuse"
    takes = ("several",)
    Config = GuidedReuseConfig
    config: GuidedReuseConfig

    def __init__(
        self,
        sources: Sequence[Source],
        config: GuidedReuseConfig | None = None,
        *,
        priors: Sequence[PosteriorConfig] = CANDIDATES,
        selector: SourceSelector | None = None,
        **options: Any,
    ) -> None:
        super().__init__(sources, config, priors=priors, **options)
        first, *_ = check_controllers([source.controller for source in sources])
        if not isinstance(first.config.environment, ImprovementConfig):
            raise InvalidArgumentError("Guided reuse needs controllers that improve architectures.")
        self.environment = first.config.environment
        self.selector = selector

    def _run(self, searches: Sequence[PosteriorSearch]) -> None:
        imagination = Imagination(self)
        chosen = [self._select(search) for search in searches]
        while running := [number for number, search in enumerate(searches) if not search.done]:
            met = imagination.run([searches[number] for number in running])
            for number, proposed in zip(running, met, strict=True):
                search, selection = searches[number], chosen[number]
                if selection is None:
                    search.query_best(np.unique(proposed))
                    continue
                self._reconsider(selection, search)
                search.query_best(np.unique(proposed[selection.weights > 0]))

    def _select(self, search: PosteriorSearch) -> Selection[Source] | None:
        if self.selector is None:
            return None
        selection = self.selector.select(self.sources, search.ledger, search.rng)
        search.catch_up()
        return selection

    def _reconsider(self, selection: Selection[Source], search: PosteriorSearch) -> None:
        if self.selector is not None and search.ledger.queries % self.config.rerank_every == 0:
            self.selector.update(selection, search.ledger, search.rng)

    def options(self) -> Mapping[str, object]:
        """Return the sources, the priors, who proposes and how much."""
        selector = self.selector
        return {
            **super().options(),
            "estimator": None if selector is None else selector.estimator.name,
            "probes": 0 if selector is None else selector.probes,
        }


class GuidedSelection(GuidedReuse):
    """Guided reuse in which only the policies of selected sources propose.

    By default they are weighed by `PosteriorHead`, with 10 probes.
    """

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> GuidedSelection:
        """Return the method of a pool's sources."""
        selector = SourceSelector(make_estimator("posterior-head"), mode="mix")
        return cls(pool.sources, selector=selector, **options)


class Imagination:
    """Episodes of source policies on predicted scores, for a batch of searches.

    Args:
        method: The method whose policies run.
    """

    def __init__(self, method: GuidedReuse) -> None:
        self._method = method
        controllers = [source.controller for source in method.sources]
        self._policies = SourcePolicies(controllers, method.space)
        self._tables: TaskTables | None = None

    @torch.no_grad()
    def run(self, searches: Sequence[PosteriorSearch]) -> list[Ints]:
        """Return the architectures that each policy met for each search, ``(S, n)`` indices."""
        method = self._method
        environment = TensorImprovement(self._predicted(searches), method.environment)
        policies, each, horizon = (
            len(method.sources),
            method.config.episodes,
            method.environment.horizon,
        )
        starts, uniform = [], []
        for search in searches:
            starts.append(_starts(search, policies * each))
            uniform.append(search.rng.random((horizon, policies * each), dtype=np.float32))
        draws = torch.from_numpy(np.stack(uniform))

        def by_policy(rows: Tensor) -> Tensor:
            """Return rows ``(searches, policies × episodes)`` so that a policy has its own."""
            return rows.reshape(-1, policies, each).transpose(0, 1).reshape(-1)

        numbers = torch.arange(len(searches))[:, None].expand(-1, policies * each)
        state = environment.reset(by_policy(numbers), by_policy(torch.from_numpy(np.stack(starts))))
        obs = torch.empty(len(state.index), environment.layout.size)
        met = [state.index]
        for step in range(horizon):
            environment.observe(state, obs)
            if method.config.proposals == "policies":
                logits = self._policies.each(obs.view(policies, -1, obs.shape[-1])).flatten(0, 1)
            else:
                logits = torch.where(obs[:, environment.layout.mask] > 0.5, 0.0, MASKED)
            actions, _ = choose(logits, by_policy(draws[:, step]))
            state, _, _ = environment.step(state, actions)
            met.append(state.index)
        found = torch.stack(met, 1).view(policies, len(searches), -1).transpose(0, 1)
        return [own.numpy() for own in found]

    def _predicted(self, searches: Sequence[PosteriorSearch]) -> TaskTables:
        """Return tables of what the searches' posteriors predict, as rewards on a source."""
        scores = np.stack([log_rank(search.posterior.mean) for search in searches])
        if self._tables is None or len(self._tables.scores) != scores.size:
            self._tables = TaskTables.of_scores(self._method.space, scores)
        else:
            self._tables.rescore(scores)
        return self._tables


def _starts(search: PosteriorSearch, count: int) -> Ints:
    """Return where episodes begin: half at the best queried, the others anywhere."""
    starts = search.rng.integers(search.ledger.space.size, size=count)
    posterior = search.posterior
    if posterior.queried:
        starts[::2] = posterior.queried[int(posterior.targets().argmax())]
    return starts
