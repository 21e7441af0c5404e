"""Choose where a controller is trained."""

from __future__ import annotations

import time
from typing import cast

import torch
from torch import nn

from rlnas.envs import ObservationLayout
from rlnas.errors import InvalidArgumentError


def choose_device(device: str, network: nn.Module, batch: int) -> str:
    """Return the device to train on.

    ``auto`` measures: a network this small is often faster on the CPU, where no copy or kernel
    launch stands between two environment steps.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        network: The network to train; left on the CPU.
        batch: Number of parallel episodes.

    Raises:
        InvalidArgumentError: If the device is unknown or not there.
    """
    if device == "auto":
        if not torch.cuda.is_available():
            return "cpu"
        return min(("cpu", "cuda"), key=lambda d: _forward_seconds(network, batch, d))
    kind = device.split(":", maxsplit=1)[0]
    if kind not in ("cpu", "cuda"):
        raise InvalidArgumentError(f"device is {device!r}; expected 'auto', 'cpu' or 'cuda'.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InvalidArgumentError(
            f"device is {device!r}, but PyTorch finds no CUDA device; use 'auto' or 'cpu'."
        )
    return device


def _forward_seconds(network: nn.Module, batch: int, device: str) -> float:
    """Return the median seconds of observing, acting and fetching the action, as in a rollout."""
    layout = cast(ObservationLayout, network.layout)
    network.to(device)
    host = torch.zeros(batch, layout.size)
    times = []
    with torch.no_grad():
        for _ in range(12):
            start = time.perf_counter()
            network(host.to(device))[0].argmax(1).cpu()
            times.append(time.perf_counter() - start)
    network.to("cpu")
    return sorted(times[2:])[len(times[2:]) // 2]
