"""The batched core as a Stable-Baselines3 ``VecEnv``: no per-environment Python."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnv, VecEnvIndices, VecEnvStepReturn

from rlnas.envs.actions import checked_actions
from rlnas.envs.core import EnvironmentCore, longest_episode, put, take
from rlnas.envs.single import start_of
from rlnas.seeding import generator


class BatchedVecEnv(VecEnv):
    """``num_envs`` episodes of one core, stepped together.

    Args:
        core: The environment core.
        num_envs: Number of parallel episodes.
        seed: Seed of the start states.
    """

    def __init__(self, core: EnvironmentCore[Any], num_envs: int, seed: int = 0) -> None:
        self.core = core
        self._rng = generator(seed, "envs")
        self._actions: NDArray[np.int64] = np.zeros(num_envs, dtype=np.int64)
        self._returns = np.zeros(num_envs)
        self.render_mode = None
        super().__init__(
            num_envs,
            spaces.Box(-1.0, 1.0, (core.layout.size,), np.float32),
            spaces.Discrete(core.layout.actions),
        )
        self._state = core.reset(num_envs, self._rng)

    def reset(self) -> NDArray[np.float32]:
        """Start every episode anew and return the observations ``(num_envs, size)``.

        ``set_options`` with ``{"architecture": string}``, for all or one for each, chooses where.

        Raises:
            InvalidArchitectureError: If one is no architecture of the space.
        """
        if self._seeds[0] is not None:
            self._rng = generator(self._seeds[0], "envs")
        starts = [start_of(self.core.space, options) for options in self._options]
        self._state = self.core.reset(self.num_envs, self._rng)
        given = [(row, start) for row, start in enumerate(starts) if start is not None]
        if given:
            rows = np.array([row for row, _ in given])
            chosen = np.concatenate([start for _, start in given])
            self._state = put(self._state, rows, self.core.reset(len(rows), self._rng, chosen))
        self._returns[:] = 0.0
        self._reset_seeds()
        self._reset_options()
        return self.core.observe(self._state)

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Take the actions of the next step.

        Raises:
            InvalidArgumentError: If they are not ``num_envs`` integers in range.
        """
        self._actions = checked_actions(actions, self.num_envs, self.core.layout.actions)

    def step_wait(self) -> VecEnvStepReturn:
        """Step every episode; ended ones restart in the same step."""
        state, rewards, ended = self.core.step(self._state, self._actions)
        self._returns += rewards
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if ended.any():
            rows = np.flatnonzero(ended)
            final = self.core.observe(take(state, rows))
            for i, row in enumerate(rows):
                infos[row] = {
                    "terminal_observation": final[i],
                    "TimeLimit.truncated": False,
                    "episode": {
                        "r": float(self._returns[row]),
                        "l": int(state.steps[row]),
                        "score": float(state.scores[row]),
                    },
                }
            self._returns[rows] = 0.0
            state = put(state, rows, self.core.reset(len(rows), self._rng))
        self._state = state
        return self.core.observe(state), rewards.astype(np.float32), ended, infos

    def action_masks(self) -> NDArray[np.bool_]:
        """Return the legal actions ``(num_envs, actions)`` as one array."""
        return self.core.mask(self._state)

    def observe(self) -> NDArray[np.float32]:
        """Return the current observations ``(num_envs, size)``."""
        return self.core.observe(self._state)

    def state_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the episodes in progress as arrays, for an exact resume."""
        fields = dataclasses.fields(self._state)
        return {f.name: getattr(self._state, f.name) for f in fields} | {"returns": self._returns}

    def rng_state(self) -> dict[str, Any]:
        """Return the state of the generator of start states, JSON-able."""
        return dict(self._rng.bit_generator.state)

    def restore(self, arrays: dict[str, NDArray[Any]], rng_state: dict[str, Any]) -> None:
        """Go on where `state_arrays` and `rng_state` were taken.

        Raises:
            ValueError: If the arrays are those of another environment or batch.
        """
        expected = self.state_arrays()
        given = {name: (array.shape, str(array.dtype)) for name, array in arrays.items()}
        if given != {name: (array.shape, str(array.dtype)) for name, array in expected.items()}:
            raise ValueError(f"episodes have arrays {given}")
        operations = self.core.space.num_operations
        for name in ("vectors", "best_vectors", "visited"):
            if name in arrays and not ((arrays[name] >= 0) & (arrays[name] < operations)).all():
                raise ValueError(f"the {name} of its episodes hold what is no operation")
        longest = longest_episode(self.core.config, self.core.space)
        if not ((arrays["steps"] >= 0) & (arrays["steps"] < longest)).all():
            raise ValueError("its episodes took more steps than there are in one")
        self._returns = arrays.pop("returns")
        self._state = dataclasses.replace(self._state, **arrays)
        self._rng.bit_generator.state = rng_state

    def close(self) -> None:
        """Nothing to release."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return the attribute once for each environment asked for."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the shared core's shell."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """Call a batched method and return one row of its result for each environment."""
        result = getattr(self, method_name)(*args, **kwargs)
        return [result[i] for i in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: VecEnvIndices = None) -> list[bool]:
        """Return all false: there is no per-environment wrapper."""
        return [False] * len(list(self._get_indices(indices)))

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Set the seed used at the next reset."""
        self._seeds = [seed] * self.num_envs
        return self._seeds
