"""The Gymnasium vector environments: all episodes of a batch in one core."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rlnas.envs.construction import ConstructionConfig
from rlnas.envs.core import EnvironmentConfig, make_core, put, take
from rlnas.envs.improvement import ImprovementConfig
from rlnas.envs.scoring import TableScorer
from rlnas.envs.single import resolve_task
from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.tasks import TabularTask

Arrays = NDArray[Any]


class NASVectorEnv(VectorEnv[Arrays, Arrays, Arrays]):
    """``num_envs`` episodes of an environment core on a source task, SAME_STEP autoreset.

    An episode that ends restarts in the same step: the observation returned is the new episode's
    first, ``infos["final_obs"]`` holds the last of the old one. ``infos["action_mask"]`` is always
    the batch of legal actions for the observations returned.

    Args:
        num_envs: Number of episodes.
        suite: Name of a suite; ignored when ``task`` is a task.
        task: Short name of its task, or a task; the suite's first by default.
        config: The environment's configuration.
        render_mode: Only None.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int,
        suite: str,
        task: str | TabularTask | None,
        config: EnvironmentConfig,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None:
            raise InvalidArgumentError(
                "A vector environment does not render: leave render_mode out."
            )
        if num_envs < 1:
            raise InvalidArgumentError(f"num_envs is {num_envs}; expected 1 or more.")
        self.num_envs = num_envs
        self.task = resolve_task(suite, task)
        self.core = make_core(TableScorer(self.task, config.normaliser), config)
        layout = self.core.layout
        self.single_observation_space = gymnasium.spaces.Box(-1.0, 1.0, (layout.size,), np.float32)
        self.single_action_space = gymnasium.spaces.Discrete(layout.actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._rng = generator(0, "envs")
        self._state: Any = None
        self._returns = np.zeros(num_envs)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Arrays, dict[str, Any]]:
        """Start every episode; one integer seeds the whole batch."""
        if seed is not None:
            path = [int(s or 0) for s in np.atleast_1d(np.asarray(seed, dtype=object))]
            self._rng = generator(path[0], "envs", *path[1:])
        self._state = self.core.reset(self.num_envs, self._rng)
        self._returns[:] = 0.0
        obs = self.core.observe(self._state)
        return obs, {"action_mask": self._mask(obs)}

    def step(self, actions: Arrays) -> tuple[Arrays, Arrays, Arrays, Arrays, dict[str, Any]]:
        """Step every episode."""
        state, rewards, ended = self.core.step(self._state, np.asarray(actions, dtype=np.int64))
        self._returns += rewards
        infos: dict[str, Any] = {}
        if ended.any():
            rows = np.flatnonzero(ended)
            infos = self._final_infos(state, rows, ended)
            self._returns[rows] = 0.0
            state = put(state, rows, self.core.reset(len(rows), self._rng))
        self._state = state
        obs = self.core.observe(state)
        infos["action_mask"] = self._mask(obs)
        return obs, rewards, ended, np.zeros_like(ended), infos

    def _mask(self, obs: Arrays) -> Arrays:
        """Read the legal actions off the observation, which is cheaper than asking again."""
        return np.asarray(obs[:, self.core.layout.mask] > 0, dtype=np.bool_)

    def _final_infos(self, state: Any, rows: Arrays, ended: Arrays) -> dict[str, Any]:
        final_obs = np.full(self.num_envs, None, dtype=object)
        for row, obs in zip(rows, self.core.observe(take(state, rows)), strict=True):
            final_obs[row] = obs
        episode = {
            "r": np.where(ended, self._returns, 0.0),
            "l": np.where(ended, state.steps, 0),
            "score": np.where(ended, state.scores, np.nan),
        }
        return {
            "final_obs": final_obs,
            "_final_obs": ended.copy(),
            "final_info": {"episode": episode, "_episode": ended.copy()},
            "_final_info": ended.copy(),
        }


class ImprovementVectorEnv(NASVectorEnv):
    """The batch of ``rlnas/Improvement-v0``; ``knobs`` are fields of `ImprovementConfig`."""

    def __init__(
        self,
        num_envs: int = 1,
        suite: str = "rooms-micro",
        task: str | TabularTask | None = None,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        super().__init__(num_envs, suite, task, ImprovementConfig(**knobs), render_mode)


class ConstructionVectorEnv(NASVectorEnv):
    """The batch of ``rlnas/Construction-v0``; ``knobs`` are fields of `ConstructionConfig`."""

    def __init__(
        self,
        num_envs: int = 1,
        suite: str = "rooms-micro",
        task: str | TabularTask | None = None,
        render_mode: str | None = None,
        **knobs: Any,
    ) -> None:
        super().__init__(num_envs, suite, task, ConstructionConfig(**knobs), render_mode)
