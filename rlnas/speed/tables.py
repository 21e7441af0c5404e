"""How long a suite takes to load."""

from __future__ import annotations

import statistics
import time
from typing import Any

from rlnas.benchmarks import load_suite


def measure_table_loading(suite: str, repeats: int = 5) -> dict[str, Any]:
    """Return the seconds that `rlnas.benchmarks.load_suite` takes.

    Args:
        suite: Name of a suite. It is loaded once before, so that a download is not counted.
        repeats: Number of measurements.

    Raises:
        DataError: If its table cannot be had.
    """
    load_suite(suite)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        load_suite(suite)
        times.append(time.perf_counter() - start)
    summary = {"median": statistics.median(times), "min": min(times), "max": max(times)}
    return {"suite": suite, "seconds": {**summary, "repeats": times}}
