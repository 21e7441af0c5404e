"""Probabilistic policy reuse: source policies steer the exploration of a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search.options import make_config
from rlnas.seeding import generator
from rlnas.transfer.methods.base import Generators, LearningMethod, Ledgers
from rlnas.transfer.methods.policy_reuse_choice import PolicyChoice, PolicyUse
from rlnas.transfer.methods.source_policies import (
    SourcePolicies,
    Start,
    check_controllers,
    check_start,
    learners,
    mixture_logits,
)
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool


@dataclass(frozen=True, kw_only=True)
class PolicyReuseConfig:
    """When the source policies are followed.

    Attributes:
        psi: Probability ψ of following the source policy in a trial's first step, 0…1 (paper: 1).
        nu: Factor ν of that probability from step to step, 0…1 (paper: 0.95).
        temperature: Inverse temperature τ of the softmax at the first choice, 0 or more (paper: 0).
        temperature_step: How much τ rises with each choice, Δτ, 0 or more (paper: 0.05, for returns
            in 0…1; gains here are in standard deviations of the queried scores).
        trust: Gain with which each source policy begins, as if one trial had brought it, 0 or more
            (paper: 0). More follows them from the first step on, and doubts them later.
        trial_steps: Steps after which a policy is chosen anew within an episode, 1 or more; None
            for whole episodes (paper).
        start: Whether the new policy starts from a source's weights (``source``) or from none
            (``scratch``, as in the paper), so that there is a policy no source has misled.
    """

    psi: float = 1.0
    nu: float = 0.95
    temperature: float = 2.0
    temperature_step: float = 1.0
    trust: float = 1.0
    trial_steps: int | None = 5
    start: Start = "scratch"

    def __post_init__(self) -> None:
        if not 0 <= self.psi <= 1 or not 0 <= self.nu <= 1:
            raise InvalidArgumentError(f"psi is {self.psi} and nu {self.nu}; expected both in 0…1.")
        for what in ("temperature", "temperature_step", "trust"):
            if not 0 <= getattr(self, what) < float("inf"):
                raise InvalidArgumentError(
                    f"{what} is {getattr(self, what)}; expected a finite number ≥ 0."
                )
        if self.trial_steps is not None and self.trial_steps < 1:
            raise InvalidArgumentError(
                f"trial_steps is {self.trial_steps}; expected 1 or more, or None for whole "
                "episodes."
            )
        check_start(self.start)


class PolicyReuse(LearningMethod):
    """Learn on the target while following, now and then, policies of a library.

    π-reuse and PRQ-learning (Fernández & Veloso, *Probabilistic Policy Reuse in a Reinforcement
    Learning Agent*, AAMAS 2006). In each trial the search follows either the new policy, which
    learns, or one of the source policies, chosen by a softmax over their gains on the target (see
    `PolicyChoice`). Following source policy k, step h of the trial takes π_k with probability
    p_h = ψ·ν^h, and the new policy else. The new policy learns from all steps by PPO: actions are
    drawn from the mixture p_h·π_k + (1 − p_h)·π_new, and PPO's ratio is taken against its
    probability.

    The paper's trial is an episode and its learner Q-learning, with thousands of episodes; 50
    queries are two or three. So trials here are shorter, the softmax is sharper, and the source
    policies begin with some trust; the paper's own settings are ``trial_steps=None,
    temperature=0, temperature_step=0.05, trust=0``. The defaults were chosen on synthetic suites
    and NAS-Bench-201: by 50 queries they come as far as the source policy alone where that is good
    (they are behind at 10), and further where it misleads, though not as far as without a source;
    ``psi=0.5`` is about as good as none there, and gives up part of what a good source has.

    After a search, `report` says how often each policy was followed and what it gained.

    Args:
        controllers: The source policies, one or several, trained in one environment; see
            `PolicyLibrary` for which of many to take.
        config: The options.
        fine_tuning: How the new policy learns from few queries.
        options: Fields of `PolicyReuseConfig` to set, e.g. ``psi=0.5``.

    Raises:
        InvalidArgumentError: If there is no such option, or it is out of range.
    """

    name = "policy-reuse"
    takes = ("one", "several")
    Config = PolicyReuseConfig
    config: PolicyReuseConfig

    def __init__(
        self,
        controllers: PPOController | Sequence[PPOController],
        config: PolicyReuseConfig | None = None,
        *,
        fine_tuning: FineTuningConfig | None = None,
        **options: Any,
    ) -> None:
        own = make_config(self.Config, config, options, self.name)
        self.controllers = check_controllers(controllers)
        super().__init__(self.controllers[0].config, fine_tuning, own)
        self._reuse: Reuse | None = None

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> PolicyReuse:
        """Return the method of a pool's policies."""
        return cls(pool.controllers, fine_tuning=settings.fine_tuning, **options)

    @property
    def report(self) -> list[PolicyUse]:
        """What each of the latest searches made of its policies."""
        return [] if self._reuse is None else self._reuse.report()

    def _begin(
        self, ledgers: Ledgers, rngs: Generators
    ) -> tuple[Sequence[nn.Module], LearnerHooks]:
        networks = learners(self.config.start, self.controllers, ledgers, rngs)
        self._reuse = Reuse(self, ledgers, rngs)
        return networks, self._reuse.hooks()

    def _start_options(self) -> Mapping[str, object]:
        library = [list(controller.sources) for controller in self.controllers]
        return {"library": library, **super()._start_options()}


class Reuse:
    """The behaviour of searches that run side by side.

    Args:
        method: Gives the library and the knobs.
        ledgers: The ledger of each search.
        rngs: A generator for each, from which that of its choices is seeded.
    """

    def __init__(self, method: PolicyReuse, ledgers: Ledgers, rngs: Generators) -> None:
        config = method.config
        self._psi, self._nu = config.psi, config.nu
        self._trial_steps = config.trial_steps
        self._policies = SourcePolicies(method.controllers, ledgers[0].space)
        self._all = [
            PolicyChoice(
                1 + len(method.controllers),
                ledger,
                generator(int(rng.integers(2**63)), "policy reuse"),
                temperature=config.temperature,
                temperature_step=config.temperature_step,
                trust=config.trust,
            )
            for ledger, rng in zip(ledgers, rngs, strict=True)
        ]
        self._running = self._all

    def hooks(self) -> LearnerHooks:
        """Return what is changed of the learning."""
        return LearnerHooks(behaviour=self.behaviour, stepped=self.stepped, keep=self.keep)

    def report(self) -> list[PolicyUse]:
        """Return what each search made of its policies."""
        return [choice.use() for choice in self._all]

    def behaviour(self, obs: Tensor, logits: Tensor) -> Tensor:
        """Return the mixture's logits ``(K, 1, A)``; see `LearnerHooks.behaviour`."""
        for choice in self._running:
            choice.begin()
        followed = np.array([choice.current for choice in self._running])
        if not followed.any():
            return logits
        steps = np.array([choice.step for choice in self._running])
        share = np.where(followed > 0, self._psi * self._nu**steps, 0.0)
        policies = torch.from_numpy(np.maximum(followed - 1, 0))
        source = self._policies.logits(obs)[policies, torch.arange(len(policies))]
        return mixture_logits(logits, source, torch.from_numpy(share).float()[:, None])

    def stepped(self, rewards: Tensor, ended: Tensor) -> None:
        """Note what was queried and choose anew where a trial is over."""
        for choice, over in zip(self._running, ended[:, 0].tolist(), strict=True):
            choice.after_step()
            if over or choice.step == self._trial_steps:
                choice.choose()

    def keep(self, rows: Sequence[int]) -> None:
        """See `LearnerHooks.keep`."""
        self._running = [self._running[row] for row in rows]
