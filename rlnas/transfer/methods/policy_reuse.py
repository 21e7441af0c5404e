"""Probabilistic policy reuse: source policies steer the exploration of a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search import SideBySideSearcher
from rlnas.seeding import generator
from rlnas.transfer.methods.base import Generators, Ledgers, learn_on_targets
from rlnas.transfer.methods.policy_reuse_choice import PolicyChoice, PolicyUse
from rlnas.transfer.methods.source_policies import (
    SourcePolicies,
    Start,
    check_controllers,
    check_start,
    learners,
    mixture_logits,
)


class PolicyReuse(SideBySideSearcher):
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
        fine_tuning: How the new policy learns from few queries.

    Raises:
        InvalidArgumentError: If an option is out of range.
    """

    name = "policy-reuse"

    def __init__(
        self,
        controllers: PPOController | Sequence[PPOController],
        *,
        psi: float = 1.0,
        nu: float = 0.95,
        temperature: float = 2.0,
        temperature_step: float = 1.0,
        trust: float = 1.0,
        trial_steps: int | None = 5,
        start: Start = "scratch",
        fine_tuning: FineTuningConfig | None = None,
    ) -> None:
        self.controllers = check_controllers(controllers)
        if not 0 <= psi <= 1 or not 0 <= nu <= 1:
            raise InvalidArgumentError(f"psi is {psi} and nu {nu}; expected both in 0…1.")
        for what, value in (
            ("temperature", temperature),
            ("temperature_step", temperature_step),
            ("trust", trust),
        ):
            if not 0 <= value < float("inf"):
                raise InvalidArgumentError(f"{what} is {value}; expected a finite number ≥ 0.")
        if trial_steps is not None and trial_steps < 1:
            raise InvalidArgumentError(
                f"trial_steps is {trial_steps}; expected 1 or more, or None for whole episodes."
            )
        self.psi = psi
        self.nu = nu
        self.temperature = temperature
        self.temperature_step = temperature_step
        self.trust = trust
        self.trial_steps = trial_steps
        self.start = check_start(start)
        self.fine_tuning = fine_tuning or FineTuningConfig()
        self.report: list[PolicyUse] = []

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        networks = learners(self.start, self.controllers, ledgers, rngs)
        reuse = Reuse(self, ledgers, rngs)
        config = self.controllers[0].config
        learn_on_targets(networks, config, self.fine_tuning, ledgers, rngs, hooks=reuse.hooks())
        self.report = reuse.report()

    def options(self) -> Mapping[str, object]:
        """Return the library, the knobs of the reuse and the settings of the learning."""
        return {
            "psi": self.psi,
            "nu": self.nu,
            "temperature": self.temperature,
            "temperature_step": self.temperature_step,
            "trust": self.trust,
            "trial_steps": self.trial_steps,
            "start": self.start,
            "fine_tuning": asdict(self.fine_tuning),
            "library": [list(controller.sources) for controller in self.controllers],
            **self.controllers[0].config.to_dict(),
        }


class Reuse:
    """The behaviour of searches that run side by side.

    Args:
        method: Gives the library and the knobs.
        ledgers: The ledger of each search.
        rngs: A generator for each, from which that of its choices is seeded.
    """

    def __init__(self, method: PolicyReuse, ledgers: Ledgers, rngs: Generators) -> None:
        self._psi, self._nu = method.psi, method.nu
        self._trial_steps = method.trial_steps
        self._policies = SourcePolicies(method.controllers, ledgers[0].space)
        self._all = [
            PolicyChoice(
                1 + len(method.controllers),
                ledger,
                generator(int(rng.integers(2**63)), "policy reuse"),
                temperature=method.temperature,
                temperature_step=method.temperature_step,
                trust=method.trust,
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
