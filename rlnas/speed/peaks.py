"""What a machine can do at best: arithmetic, memory traffic and PyTorch calls per second."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch

from rlnas.speed.timing import synchronise

_TINY_CALLS = 2000


def measure_peaks(*, device: str = "cpu", repeats: int = 5) -> dict[str, Any]:
    """Measure the three limits of a roofline with the threads that PyTorch has now.

    The best of the repeats counts, since a limit is what cannot be beaten. The memory traffic is
    that of arrays too large for a cache; what fits into one can move faster.

    Args:
        device: ``cpu`` or ``cuda``.
        repeats: Repeats of each measurement.

    Returns:
        JSON-able:

        * ``device`` and ``torch_threads``;
        * ``gflops``: 10⁹ floating-point operations a second of a large float32 matrix product;
        * ``gb_per_second``: 10⁹ bytes a second, read and written, of a large copy;
        * ``call_us``: microseconds of one PyTorch call on a single number, from Python.
    """
    size, numbers = (1024, 2**25) if device == "cpu" else (8192, 2**28)
    left, right = torch.rand(2, size, size, device=device)
    product = torch.empty_like(left)
    source = torch.rand(numbers, device=device)
    target = torch.empty_like(source)
    one = torch.ones(1, device=device)

    def tiny() -> None:
        for _ in range(_TINY_CALLS):
            one.mul_(one)

    arithmetic = _best(lambda: torch.mm(left, right, out=product), device, repeats)
    copying = _best(lambda: target.copy_(source), device, repeats)
    calling = _best(tiny, device, repeats)
    return {
        "device": device,
        "torch_threads": torch.get_num_threads(),
        "gflops": 2 * size**3 / arithmetic / 1e9,
        "gb_per_second": 2 * 4 * numbers / copying / 1e9,
        "call_us": calling / _TINY_CALLS * 1e6,
    }


def _best(work: Callable[[], object], device: str, repeats: int) -> float:
    """Return the least seconds of a piece of work, after a warm-up."""
    work()
    seconds = []
    for _ in range(repeats):
        synchronise(device)
        start = time.perf_counter()
        work()
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return min(seconds)
