"""Kickstarting: the policy that learns on the target is pulled towards source policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.agents.engine.rollout import Minibatch
from rlnas.errors import InvalidArgumentError
from rlnas.search.options import make_config
from rlnas.transfer.methods.base import Generators, LearningMethod, Ledgers
from rlnas.transfer.methods.source_policies import (
    SourcePolicies,
    Start,
    check_controllers,
    check_start,
    learners,
)
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool


@dataclass(frozen=True, kw_only=True)
class KickstartingConfig:
    """How hard the teachers pull, and how it fades.

    Attributes:
        weight: λ before the first query, 0 or more.
        half_life: Queries in which λ halves, more than 0; None keeps it as it is.
        teacher_weights: Share of each teacher, 0 or more; equal shares by default.
        start: Whether the student starts from a teacher's weights (``source``) or from none
            (``scratch``, as in the paper).
    """

    weight: float = 1.0
    half_life: float | None = 50.0
    teacher_weights: tuple[float, ...] | None = None
    start: Start = "source"

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf"):
            raise InvalidArgumentError(f"weight is {self.weight}; expected a finite number ≥ 0.")
        if self.half_life is not None and not self.half_life > 0:
            raise InvalidArgumentError(
                f"half_life is {self.half_life}; expected more than 0, or None."
            )
        if self.teacher_weights is not None:
            object.__setattr__(self, "teacher_weights", tuple(self.teacher_weights))
        check_start(self.start)


class Kickstarting(LearningMethod):
    """Learn on the target with a distillation term towards teachers that fades away.

    To PPO's loss is added λ·H(π_teacher, π_student), the cross entropy on the states that the
    student itself comes to (Schmitt et al., *Kickstarting Deep Reinforcement Learning*, arXiv
    1803.03835). The teacher says what to do in every state, so the student learns from it
    without a query; as λ falls the target's own rewards take over. Several teachers are one whose
    policy is their weighted mean, for the cross entropy is linear in it.

    λ is ``weight`` · ½^(queries / ``half_life``). The paper anneals by the update (0.2 · 0.9995^k
    is a common choice, made for many thousands of them); here queries are the clock, because a
    search has few and the number of gradient steps between them is free.

    The defaults suit 50 queries: a student without weights knows nothing in its first rollout, and
    does not make up for that (synthetic suites, NAS-Bench-201). Where sources may be unlike the
    target, ``start="scratch", weight=0.1, half_life=10`` does about as well as no source.

    Args:
        controllers: The teachers, one or several, trained in one environment.
        config: The options.
        fine_tuning: How the student learns from few queries.
        options: Fields of `KickstartingConfig` to set, e.g. ``weight=0.1``.

    Raises:
        InvalidArgumentError: If there is no such option, or it is out of range.
    """

    name = "kickstarting"
    takes = ("one", "several")
    Config = KickstartingConfig
    config: KickstartingConfig

    def __init__(
        self,
        controllers: PPOController | Sequence[PPOController],
        config: KickstartingConfig | None = None,
        *,
        fine_tuning: FineTuningConfig | None = None,
        **options: Any,
    ) -> None:
        own = make_config(self.Config, config, options, self.name)
        self.controllers = check_controllers(controllers)
        super().__init__(self.controllers[0].config, fine_tuning, own)
        self.teacher_weights = self._shares(own.teacher_weights)

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> Kickstarting:
        """Return the method of a pool's policies."""
        return cls(pool.controllers, fine_tuning=settings.fine_tuning, **options)

    def _shares(self, weights: Sequence[float] | None) -> tuple[float, ...]:
        count = len(self.controllers)
        given = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
        if given.shape != (count,) or not (given >= 0).all() or not 0 < given.sum() < np.inf:
            raise InvalidArgumentError(
                f"teacher_weights is {weights}; expected {count} numbers ≥ 0, one for each "
                "teacher, not all 0."
            )
        return tuple((given / given.sum()).tolist())

    def strength(self, queries: int) -> float:
        """Return λ after a number of queries."""
        if self.config.half_life is None:
            return self.config.weight
        return float(self.config.weight * 0.5 ** (queries / self.config.half_life))

    def _begin(
        self, ledgers: Ledgers, rngs: Generators
    ) -> tuple[Sequence[nn.Module], LearnerHooks]:
        networks = learners(self.config.start, self.controllers, ledgers, rngs)
        return networks, Distillation(self, ledgers).hooks()

    def _start_options(self) -> Mapping[str, object]:
        return {
            "teacher_weights": list(self.teacher_weights),
            "teachers": [list(controller.sources) for controller in self.controllers],
            **super()._start_options(),
        }


class Distillation:
    """The distillation term of searches that run side by side.

    Args:
        method: Gives teachers and λ.
        ledgers: The ledger of each search, which tells how far it is.
    """

    def __init__(self, method: Kickstarting, ledgers: Ledgers) -> None:
        self._strength = method.strength
        self._teachers = SourcePolicies(method.controllers, ledgers[0].space)
        self._shares = torch.tensor(method.teacher_weights)[:, None, None, None]
        self._ledgers = list(ledgers)

    def hooks(self) -> LearnerHooks:
        """Return what is changed of the learning."""
        return LearnerHooks(extra_loss=self.loss, keep=self.keep)

    def loss(self, batch: Minibatch, logits: Tensor, values: Tensor) -> Tensor:
        """Return λ times the mean cross entropy ``(K,)``; see `LearnerHooks.extra_loss`."""
        with torch.no_grad():
            teachers = self._teachers.logits(batch.obs).softmax(-1)
            teacher = (self._shares * teachers).sum(0)
        strength = torch.tensor([self._strength(ledger.queries) for ledger in self._ledgers])
        entropy = -(teacher * logits.log_softmax(-1)).sum(-1).mean(-1)
        return strength * entropy

    def keep(self, rows: Sequence[int]) -> None:
        """See `LearnerHooks.keep`."""
        self._ledgers = [self._ledgers[row] for row in rows]
