"""Choose where a controller is trained."""

from __future__ import annotations

from collections.abc import Callable

import torch

from rlnas.training.precision import check_device


def choose_device(device: str, seconds_on: Callable[[str], float]) -> str:
    """Return the device to train on.

    ``auto`` measures: a network this small is often faster on the CPU, where no kernel has to be
    launched for each of a step's many small operations.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        seconds_on: Gives the seconds that a piece of the work takes on ``cpu`` or ``cuda``. Only
            asked where there is a choice.

    Raises:
        InvalidArgumentError: If the device is unknown or not there.
    """
    if device == "auto":
        if not torch.cuda.is_available():
            return "cpu"
        return min(("cpu", "cuda"), key=seconds_on)
    check_device(device)
    return device
