"""Endless streams of episodes for K controllers: where a learner's steps come from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from rlnas.envs import ObservationLayout
from rlnas.envs.core import longest_episode
from rlnas.envs.tensor import TensorEnvironment


@dataclass(frozen=True)
class FinishedEpisodes:
    """Episodes that ended in one step.

    Attributes:
        ended: ``(K, N)`` bool, which did.
        returns: ``(K, N)`` float32 sum of rewards.
        lengths: ``(K, N)`` int64 steps.
        scores: ``(K, N)`` float64 normalised score of the last architecture.
    """

    ended: Tensor
    returns: Tensor
    lengths: Tensor
    scores: Tensor


class EpisodeStreams(Protocol):
    """``N`` streams of episodes for each of ``K`` controllers; an ended one begins anew at once.

    Attributes:
        tasks: ``(K, N)`` int64 number of each stream's task among those of its controller.
    """

    tasks: Tensor

    @property
    def layout(self) -> ObservationLayout:
        """Layout of an observation."""
        ...

    def begin_rollout(self, steps: int) -> None:
        """Prepare for so many steps."""
        ...

    def observe(self, out: Tensor) -> None:
        """Write the current observations into ``out`` ``(K, N, D)``."""
        ...

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, FinishedEpisodes | None]:
        """Take actions ``(K, N)``; return rewards, which episodes ended, and what is known of them.

        The last is None where it is certain that none ended.
        """
        ...

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with some of the controllers alone."""
        ...


class TableStreams:
    """Streams on source tasks whose tables are on the device.

    Start architectures are drawn for a whole rollout at once, by each controller's own generator:
    so a controller meets the same episodes whatever else is trained beside it.

    Args:
        environment: The environment, on the tables of all tasks.
        task_numbers: ``(K, N)`` number of each stream's task in the environment's tables.
        generators: One for each controller, on the environment's device.
        starts: Where each controller's episodes may start: rows of the tables, ``(n_k,)`` int64;
            anywhere by default.
    """

    def __init__(
        self,
        environment: TensorEnvironment[Any],
        task_numbers: Tensor,
        generators: Sequence[torch.Generator],
        starts: Sequence[Tensor] | None = None,
    ) -> None:
        self.environment = environment
        self._allowed = None if starts is None else list(starts)
        self.layout = environment.layout
        self.device = environment.tables.device
        self.shape = tuple(task_numbers.shape)
        self.tasks = torch.tensor([_numbered(row) for row in task_numbers.tolist()]).to(self.device)
        self._generators = list(generators)
        self._starts = self._draw(1)
        self._taken = 0
        first = self._starts[:, 0].reshape(-1)
        self.state = environment.reset(task_numbers.reshape(-1), first)
        self.returns = torch.zeros(self.shape, device=self.device)
        # All episodes begin together; while they all have the same length they end together, and
        # a step that ends none needs no look at the device to know it.
        self.clock = 0

    def _draw(self, steps: int) -> Tensor:
        size, n = self.environment.tables.size, self.shape[1]
        allowed = self._allowed
        sizes = [size] * self.shape[0] if allowed is None else [len(own) for own in allowed]
        rows = [
            torch.randint(count, (steps, n), generator=g, device=self.device)
            for count, g in zip(sizes, self._generators, strict=True)
        ]
        if allowed is not None:
            rows = [own[row] for own, row in zip(allowed, rows, strict=True)]
        return torch.stack(rows)

    def begin_rollout(self, steps: int) -> None:
        """Draw where episodes that begin in the next ``steps`` steps start."""
        self._starts, self._taken = self._draw(steps), 0

    def observe(self, out: Tensor) -> None:
        """See `EpisodeStreams.observe`."""
        self.environment.observe(self.state, out.view(-1, out.shape[-1]))

    def step(self, actions: Tensor) -> tuple[Tensor, Tensor, FinishedEpisodes | None]:
        """See `EpisodeStreams.step`."""
        state, rewards, ended = self.environment.step(self.state, actions.reshape(-1), checked=True)
        rewards, ended = rewards.view(self.shape), ended.view(self.shape)
        self.returns += rewards
        self.clock += 1
        finished = None
        length = self.environment.episode_length
        if length is None or self.clock % length == 0:
            finished = FinishedEpisodes(
                ended, self.returns, state.steps.view(self.shape), state.scores.view(self.shape)
            )
            self.returns = torch.where(ended, 0.0, self.returns)
            starts = self._starts[:, self._taken].reshape(-1)
            state = self.environment.restart(state, ended.view(-1), starts)
        self._taken += 1
        self.state = state
        return rewards, ended, finished

    def keep(self, rows: Sequence[int]) -> None:
        """See `EpisodeStreams.keep`."""
        n = self.shape[1]
        chosen = torch.as_tensor(rows, device=self.device)
        flat = (chosen[:, None] * n + torch.arange(n, device=self.device)).reshape(-1)
        fields = {f.name: getattr(self.state, f.name)[flat] for f in dataclasses.fields(self.state)}
        self.state = dataclasses.replace(self.state, **fields)
        self.returns, self._starts = self.returns[chosen], self._starts[chosen]
        self.tasks = self.tasks[chosen]
        self._generators = [self._generators[k] for k in rows]
        self._allowed = self._allowed and [self._allowed[k] for k in rows]
        self.shape = (len(rows), n)

    def tensors(self, controller: int) -> dict[str, Tensor]:
        """Return one controller's episodes, between two rollouts, for an exact resume."""
        n = self.shape[1]
        rows = slice(controller * n, (controller + 1) * n)
        fields = {
            f.name: getattr(self.state, f.name)[rows].cpu().clone()
            for f in dataclasses.fields(self.state)
            if f.name != "offset"  # where the task's table lies is this program's own matter
        }
        returns = self.returns[controller : controller + 1].cpu().clone()
        return fields | {"returns": returns, "clock": torch.tensor(self.clock)}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go on where `tensors` was taken, as the only controller.

        Raises:
            ValueError: If the tensors are those of other streams.
        """
        expected = {name: (tuple(t.shape), t.dtype) for name, t in self.tensors(0).items()}
        given = {name: (tuple(t.shape), t.dtype) for name, t in tensors.items()}
        if expected != given:
            raise ValueError(f"its episodes have the tensors {given}, not {expected}")
        self._check_ranges(tensors)
        moved = {name: t.to(self.device, copy=True) for name, t in tensors.items()}
        self.clock = int(moved.pop("clock"))
        self.returns = moved.pop("returns")
        self.state = dataclasses.replace(self.state, **moved)

    def _check_ranges(self, tensors: Mapping[str, Tensor]) -> None:
        """Raise ValueError for what an environment would stumble over in a later step."""
        space, size = self.environment.tables.space, self.environment.tables.size
        length, clock = self.environment.episode_length, int(tensors["clock"])
        below = {"index": size, "best_index": size, "vectors": space.num_operations}
        for name, end in below.items():
            if name in tensors and not ((tensors[name] >= 0) & (tensors[name] < end)).all():
                raise ValueError(f"the {name} of its episodes are not all within 0 … {end - 1}")
        steps = tensors["steps"]
        longest = longest_episode(self.environment.config, space)
        if clock < 0 or not ((steps >= 0) & (steps < longest)).all():
            raise ValueError(f"its episodes took other numbers of steps than 0 … {longest - 1}")
        if length is not None and not (steps == clock % length).all():
            raise ValueError("its episodes took other numbers of steps than its clock says")


def _numbered(row: list[int]) -> list[int]:
    """Return the place of each task among the distinct ones, in the order they first appear in."""
    places = {task: place for place, task in enumerate(dict.fromkeys(row))}
    return [places[task] for task in row]
