"""The Gymnasium environments: one episode at a time, shells around the batched cores."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks import load_suite
from rlnas.envs.construction import ConstructionConfig
from rlnas.envs.core import EnvironmentConfig, make_core
from rlnas.envs.improvement import ImprovementConfig
from rlnas.envs.scoring import TableScorer
from rlnas.errors import InvalidArgumentError
from rlnas.tasks import TabularTask

Observation = NDArray[np.float32]


def resolve_task(suite: str, task: str | TabularTask | None) -> TabularTask:
    """Return the task meant by a name in a suite (the suite's first by default), or itself."""
    if isinstance(task, TabularTask):
        return task
    loaded = load_suite(suite)
    return loaded[next(iter(loaded)) if task is None else task]


class NASEnv(gymnasium.Env[Observation, np.int64]):
    """One episode of an environment core on a source task.

    ``info`` holds ``action_mask`` (bool ``(actions,)``), ``architecture`` (official string, or
    None while under construction) and ``score`` (normalised, NaN while there is none).

    Args:
        suite: Name of a suite; ignored when ``task`` is a task.
        task: Short name of its task, or a task; the suite's first by default.
        config: The environment's configuration.
        render_mode: ``ansi`` to get a line of text from `render`, or None.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(
        self,
        suite: str,
        task: str | TabularTask | None,
        config: EnvironmentConfig,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise InvalidArgumentError(f"render_mode is {render_mode!r}; expected 'ansi' or None.")
        self.task = resolve_task(suite, task)
        self.render_mode = render_mode
        self.core = make_core(TableScorer(self.task, config.normaliser), config)
        layout = self.core.layout
        self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (layout.size,), np.float32)
        self.action_space = gymnasium.spaces.Discrete(layout.actions)
        self._state: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; ``options={"architecture": string}`` chooses where."""
        super().reset(seed=seed)
        start = None
        if options and "architecture" in options:
            start = self.core.space.parse(options["architecture"])[None]
        self._state = self.core.reset(1, self.np_random, start)
        return self.core.observe(self._state)[0], self._info()

    def step(self, action: np.int64 | int) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take one action; the horizon counts as a termination (the time left is observed)."""
        self._state, rewards, ended = self.core.step(self._state, np.array([action]))
        obs = self.core.observe(self._state)[0]
        return obs, float(rewards[0]), bool(ended[0]), False, self._info()

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions ``(actions,)``, by the name sb3-contrib looks for."""
        return self.core.mask(self._state)[0]

    def _info(self) -> dict[str, Any]:
        score = float(self._state.scores[0])
        vector = self._state.vectors[0]
        return {
            "action_mask": self.action_masks(),
            "architecture": None if np.isnan(score) else self.core.space.format(vector),
            "score": score,
        }

    def render(self) -> str:  # type: ignore[override]
        """Return a line with the step, the architecture and its normalised score."""
        info = self._info()
        shown = info["architecture"] or f"{self._state.vectors[0].tolist()} (under construction)"
        return f"{self.task.name} step {int(self._state.steps[0])}: {shown}  {info['score']:.4f}"


class ImprovementEnv(NASEnv):
    """``rlnas/Improvement-v0``: edit an architecture step by step. See `ImprovementConfig`.

    Args:
        suite: Name of a suite.
        task: Short name of its task, or a task; the suite's first by default.
        render_mode: ``ansi`` or None.
        **knobs: Fields of `ImprovementConfig`.
    """

    def __init__(
        self,
        suite: str = "synthetic-micro",
        task: str | TabularTask | None = None,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        super().__init__(suite, task, ImprovementConfig(**knobs), render_mode)


class ConstructionEnv(NASEnv):
    """``rlnas/Construction-v0``: choose operations one by one. See `ConstructionConfig`.

    Args:
        suite: Name of a suite.
        task: Short name of its task, or a task; the suite's first by default.
        render_mode: ``ansi`` or None.
        **knobs: Fields of `ConstructionConfig`.
    """

    def __init__(
        self,
        suite: str = "synthetic-micro",
        task: str | TabularTask | None = None,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        super().__init__(suite, task, ConstructionConfig(**knobs), render_mode)
