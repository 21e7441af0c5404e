"""Choose where a controller is trained."""

from __future__ import annotations

from collections.abc import Callable

import torch

from rlnas.errors import InvalidArgumentError


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
    kind = device.split(":", maxsplit=1)[0]
    if kind not in ("cpu", "cuda"):
        raise InvalidArgumentError(f"device is {device!r}; expected 'auto', 'cpu' or 'cuda'.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InvalidArgumentError(
            f"device is {device!r}, but PyTorch finds no CUDA device; use 'auto' or 'cpu'."
        )
    return device
