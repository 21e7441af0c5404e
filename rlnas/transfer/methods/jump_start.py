"""Jump-start: a source policy opens every episode, and hands over to the learner ever sooner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from rlnas.agents import FineTuningConfig, LearnerHooks, PPOController
from rlnas.errors import InvalidArgumentError
from rlnas.search.options import make_config
from rlnas.seeding import generator
from rlnas.transfer.methods.base import Generators, LearningMethod, Ledgers
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
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import SourcePool

Schedule = Literal["curriculum", "random"]
"""How the guide's part of an episode is set: shrinking by stages, or drawn for every episode."""


@dataclass(frozen=True, kw_only=True)
class JumpStartConfig:
    """How the guide hands over.

    Attributes:
        schedule: ``curriculum`` or ``random``.
        stages: Stages in which h comes down to 0, 1 or more (paper: 10). A budget too small for so
            many episodes has as many stages as it has whole or begun episodes, less the first.
        tolerance: How much of the best moving average of gains (see `TrialGains`) may be missing
            for the next stage to begin, 0 or more, in standard deviations of the queried scores.
        window: Episodes of the moving average, 1 or more.
        start: Whether the learner starts from the guide's weights (``source``) or from none
            (``scratch``, as in the paper).
    """

    schedule: Schedule = "curriculum"
    stages: int = 10
    tolerance: float = 0.5
    window: int = 1
    start: Start = "scratch"

    def __post_init__(self) -> None:
        if self.schedule not in get_args(Schedule):
            raise InvalidArgumentError(
                f"schedule is {self.schedule!r}; expected 'curriculum' or 'random'."
            )
        if self.stages < 1 or self.window < 1 or not self.tolerance >= 0:
            raise InvalidArgumentError(
                f"stages is {self.stages}, window {self.window}, tolerance {self.tolerance}; "
                "expected 1 or more of the first two and a tolerance of 0 or more."
            )
        check_start(self.start)


class JumpStart(LearningMethod):
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
        config: The options.
        fine_tuning: How the learner learns from few queries.
        options: Fields of `JumpStartConfig` to set, e.g. ``schedule="random"``.

    Raises:
        InvalidArgumentError: If there is no such option, or it is out of range.
    """

    name = "jump-start"
    takes = ("one",)
    Config = JumpStartConfig
    config: JumpStartConfig

    def __init__(
        self,
        controller: PPOController,
        config: JumpStartConfig | None = None,
        *,
        fine_tuning: FineTuningConfig | None = None,
        **options: Any,
    ) -> None:
        own = make_config(self.Config, config, options, self.name)
        super().__init__(controller.config, fine_tuning, own)
        self.controller = controller

    @classmethod
    def from_sources(cls, pool: SourcePool, settings: MethodSettings, **options: Any) -> JumpStart:
        """Return the method of a source."""
        return cls(pool.only.controller, fine_tuning=settings.fine_tuning, **options)

    def _begin(
        self, ledgers: Ledgers, rngs: Generators
    ) -> tuple[Sequence[nn.Module], LearnerHooks]:
        networks = learners(self.config.start, [self.controller], ledgers, rngs)
        return networks, Guidance(self, ledgers, rngs).hooks()

    def _start_options(self) -> Mapping[str, object]:
        return self.controller.options()


class Guidance:
    """The behaviour of searches that run side by side.

    Args:
        method: Gives the guide and the knobs.
        ledgers: The ledger of each search.
        rngs: A generator for each, from which that of its horizons is seeded.
    """

    def __init__(self, method: JumpStart, ledgers: Ledgers, rngs: Generators) -> None:
        space = ledgers[0].space
        options, config = method.config, method.controller.config
        self._guide = SourcePolicies([method.controller], space)
        length = episode_length(config, space)
        per_episode = queries_of_episode(config)
        self._horizons: list[GuideHorizon] = []
        for ledger, rng in zip(ledgers, rngs, strict=True):
            own = generator(int(rng.integers(2**63)), "jump-start")
            if options.schedule == "random":
                self._horizons.append(RandomHorizon(length, own))
            else:
                stages = stages_within(ledger.budget, per_episode, options.stages)
                self._horizons.append(
                    ShrinkingHorizon(length, stages, options.tolerance, options.window, ledger)
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
