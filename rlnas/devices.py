"""The device a user asks for: present, or measured to be the fastest."""

from __future__ import annotations

from collections.abc import Callable

import torch

from rlnas.errors import InvalidArgumentError


def check_device(device: str) -> None:
    """Raise InvalidArgumentError unless a device is ``cpu``, ``cuda`` or ``cuda:N`` and is there.

    Args:
        device: As a user gave it.
    """
    kind, colon, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (colon and (kind == "cpu" or not number.isdecimal())):
        raise InvalidArgumentError(
            f"device is {device!r}; expected 'auto', 'cpu', 'cuda' or 'cuda:0', 'cuda:1' …."
        )
    if kind == "cpu":
        return
    if not torch.cuda.is_available():
        raise InvalidArgumentError(
            f"device is {device!r}, but PyTorch finds no CUDA device; use 'auto' or 'cpu'."
        )
    if colon and int(number) >= (count := torch.cuda.device_count()):
        raise InvalidArgumentError(
            f"device is {device!r}, but PyTorch finds {count} CUDA devices, from 'cuda:0' on."
        )


def choose_device(device: str) -> torch.device:
    """Return the device: ``auto`` is CUDA where there is one, else the CPU.

    Raises:
        InvalidArgumentError: If the device is unknown or not there.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    check_device(device)
    return torch.device(device)


def describe_device(device: torch.device) -> str:
    """Return the device's kind and name, for a record, e.g. ``cuda: NVIDIA H200``."""
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return device.type


def fastest_device(device: str, seconds_on: Callable[[str], float]) -> str:
    """Return the device to train on, as a name.

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
