"""Jump-start: a source policy opens every episode, and hands over to the learner ever sooner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Literal

import torch
from torch import Tensor

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search import SideBySideSearcher
from rlnas.seeding import generator
from rlnas.transfer.methods.base import Generators, Ledgers, learn_on_targets
from rlnas.transfer.methods.jump_start_horizon import (
    GuideHorizon,
    RandomHorizon,
    ShrinkingHorizon,
    stages_within,
)
from rlnas.transfer.methods.source_policies import (
    SourcePolicies,
    Start,
    check_start,
    episode_length,
    learners,
    queries_of_episode,
)

Schedule = Literal["curriculum", "random"]
"""How the guide's part of an episode is set: shrinking by stages, or drawn for every episode."""


class JumpStart(SideBySideSearcher):
    """Learn on the target in episodes that a source policy, the guide, opens.

    Jump-start RL (Uchendu et al., arXiv 2204.02372): the guide acts for the first h steps of an
    episode and the learner after it, so the learner begins where the guide brings it. With the
    ``curriculum`` h shrinks from the whole episode to 0 by stages, each time that the moving
    average of returns is within a tolerance of its best so far; with ``random`` every episode draws
    h ~ U{0 … H−1} (the paper's JSRL-Random).

    The paper learns off-policy from all steps. So does this: a step's probability is that under
    whoever acted, and PPO's ratio is taken against it, which weights the guide's steps by how
    likely they are for the learner.

    The guide acts alone in the first episode, and by the curriculum in as many as it takes, before
    the target has its say: a guide that misleads costs these queries. ``random`` costs half.

    Args:
        controller: The source controller whose policy is the guide.
        schedule: ``curriculum`` or ``random``.
        stages: Stages in which h comes down to 0, 1 or more (paper: 10). A budget too small for so
            many episodes has as many stages as it has whole or begun episodes, less the first.
        tolerance: How much of the best moving average of gains (see `TrialGains`) may be missing
            for the next stage to begin, 0 or more, in standard deviations of the queried scores.
        window: Episodes of the moving average, 1 or more.
        start: Whether the learner starts from the guide's weights (``source``) or from none
            (``scratch``, as in the paper).
        fine_tuning: How the learner learns from few queries.

    Raises:
        InvalidArgumentError: If an option is out of range.
    """

    name = "jump-start"

    def __init__(
        self,
        controller: PPOController,
        *,
        schedule: Schedule = "curriculum",
        stages: int = 10,
        tolerance: float = 0.5,
        window: int = 1,
        start: Start = "scratch",
        fine_tuning: FineTuningConfig | None = None,
    ) -> None:
        if schedule not in ("curriculum", "random"):
            raise InvalidArgumentError(
                f"schedule is {schedule!r}; expected 'curriculum' or 'random'."
            )
        if stages < 1 or window < 1 or not tolerance >= 0:
            raise InvalidArgumentError(
                f"stages is {stages}, window {window}, tolerance {tolerance}; expected 1 or more "
                "of the first two and a tolerance of 0 or more."
            )
        self.controller = controller
        self.schedule = schedule
        self.stages = stages
        self.tolerance = tolerance
        self.window = window
        self.start = check_start(start)
        self.fine_tuning = fine_tuning or FineTuningConfig()

    def _search_many(self, ledgers: Ledgers, rngs: Generators) -> None:
        networks = learners(self.start, [self.controller], ledgers, rngs)
        guidance = Guidance(self, ledgers, rngs)
        config = self.controller.config
        learn_on_targets(networks, config, self.fine_tuning, ledgers, rngs, hooks=guidance.hooks())

    def options(self) -> Mapping[str, object]:
        """Return the knobs of the guidance, the start, and the controller's settings."""
        return {
            "schedule": self.schedule,
            "stages": self.stages,
            "tolerance": self.tolerance,
            "window": self.window,
            "start": self.start,
            "fine_tuning": asdict(self.fine_tuning),
            **self.controller.options(),
        }


class Guidance:
    """The behaviour of searches that run side by side.

    Args:
        method: Gives the guide and the knobs.
        ledgers: The ledger of each search.
        rngs: A generator for each, from which that of its horizons is seeded.
    """

    def __init__(self, method: JumpStart, ledgers: Ledgers, rngs: Generators) -> None:
        space = ledgers[0].space
        config = method.controller.config
        self._guide = SourcePolicies([method.controller], space)
        length = episode_length(config, space)
        per_episode = queries_of_episode(config)
        self._horizons: list[GuideHorizon] = []
        for ledger, rng in zip(ledgers, rngs, strict=True):
            own = generator(int(rng.integers(2**63)), "jump-start")
            if method.schedule == "random":
                self._horizons.append(RandomHorizon(length, own))
            else:
                stages = stages_within(ledger.budget, per_episode, method.stages)
                self._horizons.append(
                    ShrinkingHorizon(length, stages, method.tolerance, method.window, ledger)
                )

    def hooks(self) -> LearnerHooks:
        """Return what is changed of the learning."""
        return LearnerHooks(behaviour=self.behaviour, stepped=self.stepped, keep=self.keep)

    def behaviour(self, obs: Tensor, logits: Tensor) -> Tensor:
        """Return the logits ``(K, 1, A)`` of whose turn it is; see `LearnerHooks.behaviour`."""
        for horizon in self._horizons:
            horizon.begin()
        guided = torch.tensor([horizon.guided for horizon in self._horizons])
        if not guided.any():
            return logits
        return torch.where(guided[:, None, None], self._guide.logits(obs)[0], logits)

    def stepped(self, rewards: Tensor, ended: Tensor) -> None:
        """See `LearnerHooks.stepped`."""
        for horizon, over in zip(self._horizons, ended[:, 0].tolist(), strict=True):
            horizon.after_step(over)

    def keep(self, rows: Sequence[int]) -> None:
        """See `LearnerHooks.keep`."""
        self._horizons = [self._horizons[row] for row in rows]
