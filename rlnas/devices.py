"""The device a user asks for: present, or measured to be the fastest.

PyTorch is imported where it is asked, so that what only names a device does not load it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rlnas.errors import InvalidArgumentError, shown

if TYPE_CHECKING:
    import torch

MOST_THREADS = 1024
"""Most threads of PyTorch; OpenMP ends the process where it cannot have as many as it was asked."""


def check_device(device: str, *, here: bool = True) -> None:
    """Check that a device is named rightly and is there.

    Args:
        device: ``cpu``, ``cuda``, or ``cuda:N`` for the GPU of number N from 0.
        here: Whether it is to be one of this machine; of another nobody here can know.

    Raises:
        InvalidArgumentError: If the name is another, or PyTorch finds no such device.
    """
    kind, colon, number = device.partition(":")
    if kind not in ("cpu", "cuda") or (colon and (kind == "cpu" or not number.isdecimal())):
        raise InvalidArgumentError(
            f"device is {device!r}; expected 'auto', 'cpu', 'cuda' or 'cuda:0', 'cuda:1' …."
        )
    if kind == "cpu" or not here:
        return
    import torch

    if not torch.cuda.is_available():
        raise InvalidArgumentError(
            f"device is {device!r}, but PyTorch finds no CUDA device; use 'auto' or 'cpu'."
        )
    if colon and int(number) >= (count := torch.cuda.device_count()):
        raise InvalidArgumentError(
            f"device is {device!r}, but PyTorch finds {count} CUDA devices, from 'cuda:0' on."
        )


def check_threads(threads: int, least: int = 1) -> None:
    """Check a number of threads of PyTorch.

    Args:
        threads: The number.
        least: The smallest that is allowed; `MOST_THREADS` is the largest.

    Raises:
        InvalidArgumentError: If it is out of range.
    """
    if not least <= threads <= MOST_THREADS:
        raise InvalidArgumentError(
            f"threads is {shown(threads)}; expected {least} to {MOST_THREADS:,}."
        )


def choose_device(device: str) -> torch.device:
    """Return the device to compute on; ``auto`` is a GPU wherever there is one.

    For work that a GPU always does faster, such as training an architecture.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        InvalidArgumentError: If the device is unknown or not there.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    check_device(device)
    return torch.device(device)


def fastest_device(device: str, seconds_on: Callable[[str], float]) -> str:
    """Return the name of the device to compute on; ``auto`` is the one measured to be faster.

    For work that either may do faster: a controller is so small that it often trains faster on the
    CPU, where no kernel has to be launched for each of a step's many small operations.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        seconds_on: Gives the seconds that a piece of the work takes on ``cpu`` or ``cuda``. Only
            asked where there is a choice.

    Raises:
        InvalidArgumentError: If the device is unknown or not there.
    """
    if device != "auto":
        check_device(device)
        return device
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    return min(("cpu", "cuda"), key=seconds_on)


def describe_device(device: torch.device) -> str:
    """Return a device's kind and name for a record, e.g. ``cuda: NVIDIA H200`` or ``cpu``.

    Args:
        device: The device; a GPU must be there.
    """
    if device.type != "cuda":
        return device.type
    import torch

    return f"cuda: {torch.cuda.get_device_name(device)}"
