"""The Gymnasium vector environments: all episodes of a batch in one core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from rlnas.envs.actions import checked_actions
from rlnas.envs.construction import ConstructionConfig
from rlnas.envs.core import EnvironmentConfig, make_core, put, scorer_of, take
from rlnas.envs.improvement import ImprovementConfig
from rlnas.envs.single import resolve_task, start_of
from rlnas.errors import InvalidArgumentError
from rlnas.plain import whole
from rlnas.seeding import generator
from rlnas.tasks import Task

Arrays = NDArray[Any]


class NASVectorEnv(VectorEnv[Arrays, Arrays, Arrays]):
    """``num_envs`` episodes of an environment core on a task.

    By default an episode that ends restarts in the same step: the observation returned is the new
    episode's first, ``infos["final_obs"]`` holds the last of the old one. ``infos["action_mask"]``,
    int8 ``(num_envs, actions)``, is always the batch of legal actions for the observations
    returned; ``action_space.sample`` takes it as a tuple.

    Args:
        num_envs: Number of episodes.
        suite: Name of a suite; ignored when ``task`` is a task.
        task: Short name of its task, or a task; the suite's first by default.
        config: The environment's configuration.
        render_mode: Only None.
        max_episode_steps: Steps after which an episode is truncated; None or −1 for no limit.
        autoreset_mode: Gymnasium's: ``SameStep``, ``NextStep``, or ``Disabled``, with which ended
            episodes begin anew by ``reset(options={"reset_mask": ended})`` alone.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012
        "render_modes": [],
        "autoreset_mode": AutoresetMode.SAME_STEP,
    }

    def __init__(
        self,
        num_envs: int,
        suite: str,
        task: str | Task | None,
        config: EnvironmentConfig,
        render_mode: str | None = None,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    ) -> None:
        if render_mode is not None:
            raise InvalidArgumentError(
                "A vector environment does not render: leave render_mode out."
            )
        num_envs = whole(num_envs, "num_envs", 1)
        unlimited = max_episode_steps is None or max_episode_steps == -1
        self._limit = None if unlimited else whole(max_episode_steps, "max_episode_steps", 1)
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError as error:
            raise InvalidArgumentError(
                f"autoreset_mode is {autoreset_mode!r}; expected one of "
                f"{[mode.value for mode in AutoresetMode]}."
            ) from error
        self.metadata = {**self.metadata, "autoreset_mode": self.autoreset_mode}
        self.num_envs = num_envs
        self.task = resolve_task(suite, task)
        self.core = make_core(scorer_of(self.task, config.normaliser), config)
        layout = self.core.layout
        self.single_observation_space = gymnasium.spaces.Box(-1.0, 1.0, (layout.size,), np.float32)
        self.single_action_space = gymnasium.spaces.Discrete(layout.actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._rng = generator(0, "envs")
        self._state: Any = None
        self._returns = np.zeros(num_envs)
        self._over = np.zeros(num_envs, dtype=np.bool_)  # ended, and not begun anew

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Arrays, dict[str, Any]]:
        """Start episodes; one integer seeds the whole batch.

        Args:
            seed: One integer, or one for each episode.
            options: ``architecture``: a string, where they start. ``reset_mask``: bool
                ``(num_envs,)``, which episodes start; all by default.

        Raises:
            InvalidArgumentError: If a seed or an option has another shape or type.
            InvalidArchitectureError: If the architecture is none of the space.
        """
        start = start_of(self.core.space, options)
        mask = self._reset_mask(options)
        if seed is not None:
            self._rng = self._seeded(seed)
        n = int(mask.sum())
        starts = None if start is None else start.repeat(n, axis=0)
        new = self.core.reset(n, self._rng, starts)
        self._state = new if n == self.num_envs else put(self._state, np.flatnonzero(mask), new)
        self._returns[mask] = 0.0
        self._over[mask] = False
        obs = self.core.observe(self._state)
        return obs, {"action_mask": self._mask(obs)}

    def _seeded(self, seed: int | Sequence[int | None]) -> np.random.Generator:
        seeds = np.atleast_1d(np.asarray(seed, dtype=object))
        path = [0 if s is None else whole(s, "seed") for s in seeds]
        if len(path) not in (1, self.num_envs):
            raise InvalidArgumentError(
                f"{len(path)} seeds for {self.num_envs} episodes; give one, or one for each."
            )
        return generator(path[0], "envs", *path[1:])

    def _reset_mask(self, options: dict[str, Any] | None) -> NDArray[np.bool_]:
        mask = (options or {}).get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        if not isinstance(mask, np.ndarray) or mask.shape != (self.num_envs,) or mask.dtype != bool:
            raise InvalidArgumentError(
                f"options['reset_mask'] is of type {type(mask).__name__} and shape "
                f"{np.shape(mask)}; expected an array of bool ({self.num_envs},)."
            )
        if not mask.any():
            raise InvalidArgumentError("options['reset_mask'] has no True; leave reset out.")
        if self._state is None and not mask.all():
            raise InvalidArgumentError("No episode is running: begin with a reset() of all.")
        return mask

    def step(self, actions: Arrays) -> tuple[Arrays, Arrays, Arrays, Arrays, dict[str, Any]]:
        """Step every episode.

        Raises:
            InvalidArgumentError: If the actions are not ``num_envs`` integers in range, `reset` was
                not called before, or an episode has ended and is not begun anew by itself.
        """
        if self._state is None:
            raise InvalidArgumentError("No episode is running: call reset() before step().")
        actions = checked_actions(actions, self.num_envs, self.core.layout.actions)
        if self._over.any():
            return self._step_some(actions)
        state, rewards, ended = self.core.step(self._state, actions)
        truncated = self._truncated(state, ended)
        self._returns += rewards
        infos: dict[str, Any] = {}
        over = ended if self._limit is None else ended | truncated
        if over.any():
            rows = np.flatnonzero(over)
            infos = self._final_infos(state, rows, over)
            if self.autoreset_mode is AutoresetMode.SAME_STEP:
                self._returns[rows] = 0.0
                state = put(state, rows, self.core.reset(len(rows), self._rng))
            else:
                infos = infos["final_info"]
                self._over |= over
        self._state = state
        obs = self.core.observe(state)
        infos["action_mask"] = self._mask(obs)
        return obs, rewards, ended, truncated, infos

    def _step_some(self, actions: Arrays) -> tuple[Arrays, Arrays, Arrays, Arrays, dict[str, Any]]:
        """Step the episodes that run and begin those anew that ended in the step before."""
        if self.autoreset_mode is AutoresetMode.DISABLED:
            raise InvalidArgumentError(
                f"Episodes {np.flatnonzero(self._over).tolist()[:10]} have ended: begin them anew "
                "by reset(options={'reset_mask': terminations | truncations})."
            )
        begin, go_on = np.flatnonzero(self._over), np.flatnonzero(~self._over)
        self._over[:] = False
        self._returns[begin] = 0.0
        rewards, ended = np.zeros(self.num_envs), np.zeros(self.num_envs, dtype=np.bool_)
        state = put(self._state, begin, self.core.reset(len(begin), self._rng))
        if len(go_on):
            moved, rewards[go_on], ended[go_on] = self.core.step(
                take(self._state, go_on), actions[go_on]
            )
            state = put(state, go_on, moved)
        truncated = self._truncated(state, ended)
        self._returns += rewards
        self._over |= ended | truncated
        infos: dict[str, Any] = {}
        if self._over.any():
            rows = np.flatnonzero(self._over)
            infos = self._final_infos(state, rows, self._over)["final_info"]
        self._state = state
        obs = self.core.observe(state)
        infos["action_mask"] = self._mask(obs)
        return obs, rewards, ended, truncated, infos

    def _truncated(self, state: Any, ended: Arrays) -> Arrays:
        if self._limit is None:
            return np.zeros_like(ended)
        return np.asarray(state.steps >= self._limit)

    def _mask(self, obs: Arrays) -> Arrays:
        """Read the legal actions off the observation, which is cheaper than asking again."""
        return (obs[:, self.core.layout.mask] > 0).view(np.int8)

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
        task: str | Task | None = None,
        render_mode: str | None = None,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        **knobs: Any,
    ) -> None:
        super().__init__(
            num_envs,
            suite,
            task,
            ImprovementConfig(**knobs),
            render_mode,
            max_episode_steps=max_episode_steps,
            autoreset_mode=autoreset_mode,
        )


class ConstructionVectorEnv(NASVectorEnv):
    """The batch of ``rlnas/Construction-v0``; ``knobs`` are fields of `ConstructionConfig`."""

    def __init__(
        self,
        num_envs: int = 1,
        suite: str = "rooms-micro",
        task: str | Task | None = None,
        render_mode: str | None = None,
        *,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        **knobs: Any,
    ) -> None:
        super().__init__(
            num_envs,
            suite,
            task,
            ConstructionConfig(**knobs),
            render_mode,
            max_episode_steps=max_episode_steps,
            autoreset_mode=autoreset_mode,
        )
