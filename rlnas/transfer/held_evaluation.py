"""How good policies are on tasks whose tables are known: episodes from common starts.

What a learner reports of its own episodes is noisy, mixes policies of several updates, and starts
elsewhere for every learner. Here all policies meet the same start architectures and the same random
numbers, and none of it touches the generators that training draws from: a training that is looked
at is the training that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlnas.agents.engine.actions import choose
from rlnas.agents.engine.network_stack import NetworkStack
from rlnas.envs import EnvironmentConfig, ImprovementConfig, TableScorer
from rlnas.envs.tensor import TaskTables, TensorImprovement
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.tasks import TabularTask


@dataclass(frozen=True)
class HeldScores:
    """What ``K`` policies came to, each a mean over the same start architectures.

    Ranks are on a log scale, −log₁₀(rank): 0 where every episode meets the best architecture of the
    space, −1 where the typical one meets the tenth. Metrics are the task's own scores, larger is
    better, in its unit.

    Attributes:
        best: ``(K,)`` −log₁₀ of the rank of the best architecture of an episode.
        last: ``(K,)`` −log₁₀ of the rank of the architecture an episode ends at.
        best_metric: ``(K,)`` score of the best architecture of an episode.
        last_metric: ``(K,)`` score of the architecture an episode ends at.
    """

    best: NDArray[np.float64]
    last: NDArray[np.float64]
    best_metric: NDArray[np.float64]
    last_metric: NDArray[np.float64]


class HeldEvaluation:
    """Runs one episode of each policy from each of the same starts, without learning.

    The whole table of a task is read, as in training on it: it is no search and counts no query.

    Args:
        tasks: The task that each of ``K`` policies is judged on, all on one space.
        environment: The improvement environment that they were trained in.
        starts: Episodes of each policy, 1 … size of the space; starts are drawn uniformly, each
            architecture at most once.
        seed: Seed of the starts and of the actions.
        device: Where the policies are.

    Raises:
        InvalidArgumentError: If the environment has no start architectures, ``starts`` is out of
            range, or the tasks are none or on different spaces.
        LeakageError: If a search is running on a task.
    """

    def __init__(
        self,
        tasks: Sequence[TabularTask],
        environment: EnvironmentConfig,
        *,
        starts: int = 128,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        if not isinstance(environment, ImprovementConfig):
            raise InvalidArgumentError(
                "Only the improvement environment has start architectures to judge policies from; "
                f"got {type(environment).__name__}."
            )
        distinct = list({id(task): task for task in tasks}.values())
        tables = TaskTables(distinct, environment.normaliser, device)
        if not 1 <= starts <= tables.space.size:
            raise InvalidArgumentError(
                f"starts is {starts}; expected 1…{tables.space.size}, the size of the space."
            )
        self._environment = TensorImprovement(tables, environment)
        place = {id(task): number for number, task in enumerate(distinct)}
        numbers = torch.tensor([place[id(task)] for task in tasks], device=device)
        self._numbers = numbers.repeat_interleave(starts)
        rng = generator(seed, "held evaluation")
        drawn = torch.from_numpy(rng.choice(tables.space.size, starts, replace=False)).to(device)
        self._starts = drawn.repeat(len(tasks))
        self._shape = (len(tasks), starts)
        uniform = rng.random((environment.horizon, starts), dtype=np.float32)
        self._uniform = torch.from_numpy(uniform).to(device)
        self._ranks = _column(distinct, "log-rank", device)
        self._metric = _column(distinct, "identity", device)

    @torch.no_grad()
    def __call__(self, stack: NetworkStack) -> HeldScores:
        """Return how good the policies of a stack are; actions are drawn from them.

        Args:
            stack: ``K`` networks on the device, in the order of the tasks.

        Raises:
            InvalidArgumentError: If there are not as many networks as tasks.
        """
        if stack.count != self._shape[0]:
            raise InvalidArgumentError(
                f"{stack.count} policies to judge on {self._shape[0]} tasks; expected as many."
            )
        environment = self._environment
        state = environment.reset(self._numbers, self._starts)
        obs = torch.empty(len(self._starts), environment.layout.size, device=self._starts.device)
        best = last = state.index
        running = torch.ones_like(self._starts, dtype=torch.bool)
        for uniform in self._uniform:
            environment.observe(state, obs)
            logits, _ = stack.forward(obs.view(*self._shape, -1))
            actions, _ = choose(logits, uniform.expand(self._shape))
            state, _, ended = environment.step(state, actions.reshape(-1))
            best = torch.where(running, state.best_index, best)
            last = torch.where(running, state.index, last)
            running = running & ~ended
        return HeldScores(
            self._mean(self._ranks, best),
            self._mean(self._ranks, last),
            self._mean(self._metric, best),
            self._mean(self._metric, last),
        )

    def _mean(self, table: Tensor, index: Tensor) -> NDArray[np.float64]:
        """Return the mean over starts ``(K,)`` of what a table over tasks has for architectures."""
        offset = self._environment.tables.offsets(self._numbers)
        means: NDArray[np.float64] = table[offset + index].view(self._shape).mean(1).cpu().numpy()
        return means


def _column(tasks: Sequence[TabularTask], normaliser: str, device: str) -> Tensor:
    """Return ``(T · size,)`` float64 scores; the lowest where nothing was measured."""
    tables = [TableScorer(task, normaliser).table for task in tasks]
    return torch.from_numpy(np.concatenate(tables)).to(device)
