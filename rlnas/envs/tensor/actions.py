"""The door by which actions come into an environment of tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rlnas.errors import InvalidArgumentError


def check_actions(actions: Tensor, episodes: int, number: int) -> None:
    """Make sure that actions are int64 ``(episodes,)`` in 0 … ``number`` − 1.

    On a device that works on its own their values are not looked at: that would wait for it.

    Raises:
        InvalidArgumentError: If they are not.
    """
    if actions.dtype is not torch.int64 or actions.shape != (episodes,):
        raise InvalidArgumentError(
            f"actions have shape {tuple(actions.shape)} and type {actions.dtype}; expected "
            f"({episodes},) and torch.int64."
        )
    # NumPy's view and maximum take a fifth of PyTorch's time; negative ones are large in it.
    if actions.device.type == "cpu" and actions.numpy().view(np.uint64).max() >= number:
        raise InvalidArgumentError(
            f"actions are {int(actions.min())}…{int(actions.max())}; expected 0…{number - 1}."
        )
