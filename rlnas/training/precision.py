"""Where and in which arithmetic a network is trained."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from rlnas.errors import InvalidArgumentError
from rlnas.training.recipe import Precision

_DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


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


def arrange(module: nn.Module, memory_format: torch.memory_format) -> None:
    """Lay the weights of a module's 2-d layers out in memory, e.g. with channels last."""
    to: Any = module.to  # PyTorch's signature leaves the format out
    to(memory_format=memory_format)


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """Return the context in which forward passes run.

    ``auto`` is bfloat16 on a CUDA device that computes in it, else float32: on a CPU the casts
    cost small networks about what they save.
    """
    if precision == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported()
        precision = "bfloat16" if fast else "float32"
    dtype = _DTYPES.get(precision)
    return torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None)


def loss_scaler(precision: Precision, device: torch.device) -> torch.amp.GradScaler:
    """Return what scales the loss, so that float16's gradients do not vanish; else it does nothing.

    It leaves out a step whose gradients overflowed, and lowers the scale. The first scale is
    PyTorch's, 2¹⁶.
    """
    return torch.amp.GradScaler(device.type, enabled=precision == "float16")
