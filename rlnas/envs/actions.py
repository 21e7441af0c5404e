"""The door by which actions come into an environment."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError


def checked_actions(actions: ArrayLike, episodes: int, number: int) -> NDArray[np.int64]:
    """Return actions as int64 ``(episodes,)``.

    Args:
        actions: Integers of any type, one for each episode.
        episodes: How many episodes there are.
        number: How many actions there are; the last is ``number − 1``.

    Raises:
        InvalidArgumentError: If they are no integers, or more, fewer or others.
    """
    try:
        array = np.asarray(actions)
    except Exception as error:  # rows of several lengths, things of a library of their own
        raise InvalidArgumentError(
            f"actions are no array ({error}); expected {episodes} integers."
        ) from error
    if array.shape != (episodes,) or array.dtype.kind not in "iu":
        raise InvalidArgumentError(
            f"actions have shape {array.shape} and type {array.dtype}; expected ({episodes},) and "
            "integers."
        )
    array = array.astype(np.int64, copy=False)
    if array.view(np.uint64).max() >= number:  # negative ones are large there
        wrong = np.flatnonzero((array < 0) | (array >= number))[0]
        raise InvalidArgumentError(
            f"action {array[wrong]} of episode {wrong} is none of 0…{number - 1}."
        )
    return array


def checked_action(action: object, number: int) -> NDArray[np.int64]:
    """Return a single action as int64 ``(1,)``; see `checked_actions`."""
    integer = isinstance(action, int | np.integer) and not isinstance(action, bool)
    if not integer:  # a policy of Stable-Baselines3 gives an array without axes
        integer = isinstance(action, np.ndarray) and not action.shape and action.dtype.kind in "iu"
    if not integer or not 0 <= action < number:  # type: ignore[operator]
        raise InvalidArgumentError(
            f"action is {str(action)[:100]} ({type(action).__name__}); expected an integer in "
            f"0…{number - 1}."
        )
    return np.array([action], dtype=np.int64)
