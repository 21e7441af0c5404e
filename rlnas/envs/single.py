"""The Gymnasium environments: one episode at a time, shells around the batched cores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks import load_suite
from rlnas.envs.actions import checked_action
from rlnas.envs.construction import ConstructionConfig
from rlnas.envs.core import EnvironmentConfig, make_core, scorer_of
from rlnas.envs.improvement import ImprovementConfig
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks import Task

Observation = NDArray[np.float32]

_CELL = 16
"""Pixels of a cell's side in an image."""


def resolve_task(suite: str, task: str | Task | None) -> Task:
    """Return the task meant by a name in a suite (the suite's first by default), or itself.

    Raises:
        InvalidArgumentError: If it is neither a name nor a task.
        UnknownNameError: If the suite has no such task.
    """
    if isinstance(task, Task):
        return task
    if not isinstance(task, str | None):
        raise InvalidArgumentError(
            f"task is a {type(task).__name__}; expected one task, or the name of one."
        )
    loaded = load_suite(suite)
    return loaded[next(iter(loaded)) if task is None else task]


def start_of(space: SearchSpace, options: Mapping[str, Any] | None) -> Architecture | None:
    """Return where ``options={"architecture": string}`` has an episode start, ``(1, P)``.

    Raises:
        InvalidArchitectureError: If it is no architecture of the space.
    """
    if not options or options.get("architecture") is None:
        return None
    return space.parse(options["architecture"])[None]


class NASEnv(gymnasium.Env[Observation, np.int64]):
    """One episode of an environment core on a task.

    On a source task every score is known. Another, such as one of `make_task`, is asked for each
    architecture once, and rewards are on the scale of what it has given so far.

    ``info`` holds ``action_mask`` (int8 ``(actions,)``, as ``action_space.sample`` takes it),
    ``architecture`` (official string) and ``score`` (normalised); the last two are None while under
    construction.

    Args:
        suite: Name of a suite; ignored when ``task`` is a task.
        task: Short name of its task, or a task; the suite's first by default.
        config: The environment's configuration.
        render_mode: What `render` returns: ``ansi`` a line of text, ``rgb_array`` an image, or
            None.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": ["ansi", "rgb_array"],
        "render_fps": 4,
    }

    def __init__(
        self,
        suite: str,
        task: str | Task | None,
        config: EnvironmentConfig,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise InvalidArgumentError(
                f"render_mode is {render_mode!r}; expected one of {self.metadata['render_modes']}, "
                "or None."
            )
        self.task = resolve_task(suite, task)
        self.render_mode = render_mode
        self.core = make_core(scorer_of(self.task, config.normaliser), config)
        layout = self.core.layout
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (layout.size,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(layout.actions)
        self._state: Any = None
        self._ended = True
        self._mask: NDArray[np.bool_] = np.zeros(layout.actions, dtype=np.bool_)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; ``options={"architecture": string}`` chooses where."""
        super().reset(seed=seed)
        start = start_of(self.core.space, options)
        self._state = self.core.reset(1, self.np_random, start)
        self._ended = False
        return self._observe(), self._info()

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take one action; the horizon counts as a termination (the time left is observed).

        Raises:
            InvalidArgumentError: If the action is no integer or out of range, or no episode runs.
        """
        if self._ended:
            raise InvalidArgumentError("No episode is running: call reset() before step().")
        actions = checked_action(action, self.core.layout.actions)
        self._state, rewards, ended = self.core.step(self._state, actions)
        self._ended = bool(ended[0])
        return self._observe(), float(rewards[0]), self._ended, False, self._info()

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions ``(actions,)``, by the name sb3-contrib looks for."""
        return np.array(self._mask, dtype=np.bool_)

    def _observe(self) -> Observation:
        obs: Observation = self.core.observe(self._state)[0]
        self._mask = np.asarray(obs[self.core.layout.mask] > 0, dtype=np.bool_)
        return obs

    def _info(self) -> dict[str, Any]:
        # None rather than NaN, which is not equal to itself: two same steps must compare equal.
        score = float(self._state.scores[0])
        finished = not np.isnan(score)
        return {
            "action_mask": self._mask.astype(np.int8),
            "architecture": self.core.space.format(self._state.vectors[0]) if finished else None,
            "score": score if finished else None,
        }

    def render(self) -> str | NDArray[np.uint8] | None:
        """Return the current state as text or image, by the render mode.

        The text has the step, the architecture and its normalised score, if it has one. The image,
        uint8 ``(16·P, 16·C, 3)``, has a row of cells for each position, white at its operation.
        """
        if self.render_mode is None:
            return None
        if self.render_mode == "rgb_array":
            layout = self.core.layout
            grid = self.core.observe(self._state)[0, layout.current]
            cells = grid.reshape(layout.positions, layout.operations) * 255
            image = np.kron(cells, np.ones((_CELL, _CELL))).astype(np.uint8)
            return np.repeat(image[:, :, None], 3, axis=2)
        info = self._info()
        step = f"{self.task.name} step {int(self._state.steps[0])}:"
        if info["score"] is None:
            chosen = self._state.vectors[0][: self._state.steps[0]].tolist()
            return f"{step} {chosen} (under construction)"
        return f"{step} {info['architecture']}  {info['score']:.4f}"


class ImprovementEnv(NASEnv):
    """``rlnas/Improvement-v0``: edit an architecture step by step. See `ImprovementConfig`.

    Args:
        suite: Name of a suite.
        task: Short name of its task, or a task; the suite's first by default.
        render_mode: ``ansi``, ``rgb_array`` or None.
        **knobs: Fields of `ImprovementConfig`.
    """

    def __init__(
        self,
        suite: str = "rooms-micro",
        task: str | Task | None = None,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        super().__init__(suite, task, ImprovementConfig(**knobs), render_mode)


class ConstructionEnv(NASEnv):
    """``rlnas/Construction-v0``: choose operations one by one. See `ConstructionConfig`.

    Args:
        suite: Name of a suite.
        task: Short name of its task, or a task; the suite's first by default.
        render_mode: ``ansi``, ``rgb_array`` or None.
        **knobs: Fields of `ConstructionConfig`.
    """

    def __init__(
        self,
        suite: str = "rooms-micro",
        task: str | Task | None = None,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        super().__init__(suite, task, ConstructionConfig(**knobs), render_mode)
