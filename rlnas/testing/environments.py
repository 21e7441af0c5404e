"""The contract of an environment: pure batched core, single shell, vector shell."""

from __future__ import annotations

import copy
import dataclasses
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rlnas.seeding import generator
from rlnas.testing.conformance import ConformanceError, require

if TYPE_CHECKING:
    from rlnas.envs import EnvironmentCore

_BATCH = 8


def check_environment(
    environment: str | Callable[[], EnvironmentCore[Any]],
    *,
    max_steps: int = 200,
    seed: int = 0,
    **options: Any,
) -> None:
    """Check that an environment keeps its contract.

    A core is checked for purity, determinism, independence of its rows, and agreement of
    observation and mask. A registered id is checked for that too, and its shells besides: by
    Gymnasium's and Stable-Baselines3's own checkers with every warning as an error, and the vector
    environment against single ones.

    Args:
        environment: An id registered with Gymnasium whose environment is a `rlnas.envs.NASEnv`, or
            a function that makes an environment core.
        max_steps: Steps within which every episode must end.
        seed: Seed of start states and actions.
        **options: Keyword arguments of the environment, e.g. ``suite`` and ``task``.

    Raises:
        ConformanceError: If it does not; the message says what is expected.
    """
    import rlnas.envs  # noqa: F401  (registers the ids)

    if not isinstance(environment, str):
        _check_core(environment, max_steps, seed)
        return
    _check_shell(environment, options)

    def core() -> EnvironmentCore[Any]:
        import gymnasium

        made: EnvironmentCore[Any] = gymnasium.make(environment, **options).unwrapped.core  # type: ignore[attr-defined]
        return made

    _check_core(core, max_steps, seed)
    _check_vector(environment, options, max_steps, seed)


def _check_shell(name: str, options: dict[str, Any]) -> None:
    import gymnasium
    from gymnasium.utils.env_checker import check_env as gymnasium_check
    from stable_baselines3.common.env_checker import check_env as sb3_check

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            gymnasium_check(gymnasium.make(name, **options).unwrapped)
            sb3_check(gymnasium.make(name, **options))
        except Exception as error:
            raise ConformanceError(f"{name} does not pass a public checker: {error}") from error


def _check_core(factory: Callable[[], EnvironmentCore[Any]], max_steps: int, seed: int) -> None:
    core = factory()
    name = f"{type(core).__name__} on {core.space.name}"
    rng = generator(seed, "check")
    state = core.reset(_BATCH, generator(seed, "start"))
    again = factory().reset(_BATCH, generator(seed, "start"))
    require(_same(state, again), f"{name}: the same generator gave other start states.")
    running = np.ones(_BATCH, dtype=np.bool_)
    for _ in range(max_steps):
        mask = _check_observation(core, state, name)
        actions = np.array([rng.choice(np.flatnonzero(row)) for row in mask])
        before = copy.deepcopy(state)
        after, rewards, ended = core.step(state, actions)
        require(_same(state, before), f"{name}: step() changed the state it was given.")
        require(
            rewards.shape == ended.shape == (_BATCH,) and np.isfinite(rewards).all(),
            f"{name}: rewards must be finite and, like the ends, of shape ({_BATCH},).",
        )
        _check_rows(core, before, actions, (after, rewards, ended), name)
        running &= ~ended
        if not running.any():
            return
        state = _restart(core, after, ended, seed)
    require(False, f"{name}: an episode did not end within {max_steps} steps.")


def _check_observation(core: EnvironmentCore[Any], state: Any, name: str) -> NDArray[np.bool_]:
    obs, mask = core.observe(state), core.mask(state)
    layout = core.layout
    require(
        obs.shape == (_BATCH, layout.size) and obs.dtype == np.float32,
        f"{name}: observe() gave {obs.dtype} {obs.shape}; expected float32 "
        f"{(_BATCH, layout.size)}.",
    )
    require((np.abs(obs) <= 1).all(), f"{name}: an observation is outside [−1, 1] or not a number.")
    require(
        mask.shape == (_BATCH, layout.actions)
        and mask.dtype == np.bool_
        and mask.any(axis=1).all(),
        f"{name}: mask() must be bool {(_BATCH, layout.actions)} with a legal action in each row.",
    )
    require(
        ((obs[:, layout.mask] > 0) == mask).all(),
        f"{name}: the mask in the observation is not mask().",
    )
    return mask


def _check_rows(
    core: EnvironmentCore[Any], before: Any, actions: NDArray[np.int64], batch: Any, name: str
) -> None:
    from rlnas.envs.core import take

    after, rewards, ended = batch
    for row in range(_BATCH):
        rows = np.array([row])
        single, reward, end = core.step(take(before, rows), actions[rows])
        require(
            _same(single, take(after, rows)) and reward[0] == rewards[row] and end[0] == ended[row],
            f"{name}: a row stepped alone differs from the same row in a batch.",
        )


def _restart(core: EnvironmentCore[Any], state: Any, ended: NDArray[np.bool_], seed: int) -> Any:
    from rlnas.envs.core import put

    rows = np.flatnonzero(ended)
    if not len(rows):
        return state
    return put(state, rows, core.reset(len(rows), generator(seed, "restart")))


def _check_vector(name: str, options: dict[str, Any], max_steps: int, seed: int) -> None:
    import gymnasium
    from gymnasium.vector import AutoresetMode

    envs: Any = gymnasium.make_vec(
        name, num_envs=2, vectorization_mode="vector_entry_point", **options
    ).unwrapped
    require(
        envs.metadata.get("autoreset_mode") is AutoresetMode.SAME_STEP,
        f"{name}: the vector environment must declare SAME_STEP autoreset.",
    )
    first, infos = envs.reset(seed=seed)
    second, _ = envs.reset(seed=seed)
    require(np.array_equal(first, second), f"{name}: the same seed gave other observations.")
    rng = generator(seed, "check")
    for _ in range(max_steps):
        actions = np.array([rng.choice(np.flatnonzero(m)) for m in infos["action_mask"]])
        obs, _, ended, truncated, infos = envs.step(actions)
        require(
            envs.observation_space.contains(obs) and not truncated.any(),
            f"{name}: the vector environment gave an observation outside its space.",
        )
        if ended.any():
            row = int(np.flatnonzero(ended)[0])
            final = infos["final_obs"][row]
            require(
                final.shape == obs[row].shape and not np.array_equal(final, obs[row]),
                f"{name}: final_obs must be the last observation of the episode that ended.",
            )
            return
    require(False, f"{name}: an episode did not end within {max_steps} steps.")


def _same(one: Any, other: Any) -> bool:
    return all(
        np.array_equal(
            np.asarray(getattr(one, f.name)),
            np.asarray(getattr(other, f.name)),
            equal_nan=np.asarray(getattr(one, f.name)).dtype.kind == "f",
        )
        for f in dataclasses.fields(one)
    )
