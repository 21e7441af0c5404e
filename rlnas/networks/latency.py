"""How long a network takes for a batch, measured on this device."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from rlnas.datasets.spec import TaskSpec
from rlnas.devices import choose_device, describe_device
from rlnas.plain import whole


@dataclass(frozen=True)
class Latency:
    """Seconds of single batches, warmed up.

    Attributes:
        batch: Examples in the batch.
        median_ms: Median milliseconds of a batch.
        spread_ms: Milliseconds between the first and the third quartile: how far to trust the
            median. Other work on the machine widens it.
        runs: Batches that were timed.
        device: What they were timed on.
        threads: Threads of the CPU that PyTorch could use.
    """

    batch: int
    median_ms: float
    spread_ms: float
    runs: int
    device: str
    threads: int


def measure_latency(
    network: nn.Module,
    spec: TaskSpec,
    *,
    batch: int = 1,
    device: str = "auto",
    warmup: int = 10,
    runs: int = 50,
    clock: Callable[[], float] = time.perf_counter,
) -> Latency:
    """Time a network's answers to batches of a task, without gradients.

    The network answers in evaluation mode, as it is used after a search, and is given back as it
    was. On a GPU each batch is waited for.

    Args:
        network: Takes inputs of ``spec``.
        spec: The task.
        batch: Examples in a batch, 1 or more.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        warmup: Batches before the first that is timed, 0 or more.
        runs: Batches that are timed, 2 or more.
        clock: Gives seconds.

    Raises:
        InvalidArgumentError: If a number is outside its range, or there is no such device.
    """
    batch, runs = whole(batch, "batch", 1), whole(runs, "runs", 2)
    where = choose_device(device)
    took = np.empty(runs)
    with answering(network, where):
        inputs = example_batch(spec, batch, where)
        for _ in range(whole(warmup, "warmup")):
            network(inputs)
        for run in range(runs):
            _wait(where)
            start = clock()
            network(inputs)
            _wait(where)
            took[run] = clock() - start
    first, median, third = 1000 * np.quantile(took, [0.25, 0.5, 0.75])
    return Latency(
        batch,
        float(median),
        float(third - first),
        runs,
        describe_device(where),
        torch.get_num_threads(),
    )


def example_batch(spec: TaskSpec, batch: int, device: torch.device) -> torch.Tensor:
    """Return a batch of inputs of a task, all zero: what is in them does not change the time."""
    if spec.features:
        return torch.zeros(batch, spec.features, device=device)
    tiles = (spec.tiles,) if spec.tiles > 1 else ()
    side = spec.image_size
    return torch.zeros(batch, *tiles, spec.channels, side, side, device=device)


@contextmanager
def answering(network: nn.Module, device: torch.device) -> Iterator[None]:
    """Let a network answer on a device, without gradients, and give it back as it was."""
    origin = next((p.device for p in network.parameters()), torch.device("cpu"))
    modes = [(module, module.training) for module in network.modules()]
    network.to(device).eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        network.to(origin)
        for module, training in modes:
            module.training = training


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
