"""What the networks of a space cost, as a search may know it before it trains any of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.damage import guarded
from rlnas.datasets.spec import TaskSpec, task_spec
from rlnas.errors import RunError
from rlnas.networks.config import SkeletonConfig, published_config
from rlnas.networks.costs import NetworkStatistics, statistics_of_many
from rlnas.networks.dense import build_task_network
from rlnas.networks.latency import measure_latency
from rlnas.networks.memory import peak_memory
from rlnas.plain import whole
from rlnas.sealed_json import read_sealed_json, write_sealed_json
from rlnas.spaces import Architecture, SearchSpace

LATENCY, SPREAD, MEMORY = "latency_ms", "latency_spread_ms", "peak_memory_mb"


class NetworkCounts:
    """Parameters and operations of networks on one example of a task, a `ProxySource`.

    Args:
        space: The search space.
        spec: The task.
        config: The skeleton; None: the published one of the space.
    """

    free = True
    names = tuple(NetworkStatistics.__dataclass_fields__)
    """See `NetworkStatistics`."""

    def __init__(
        self, space: SearchSpace, spec: TaskSpec, config: SkeletonConfig | None = None
    ) -> None:
        self._space = space
        self.spec = spec
        self._config = config

    @classmethod
    def published(cls, space: SearchSpace) -> NetworkCounts:
        """Return the counts in the published skeleton of a space, with a classifier for its head.

        What a task asks for beyond that moves all networks of a space nearly alike.

        Raises:
            InvalidArgumentError: If there are no networks for the space.
        """
        config = published_config(space)
        if config.skeleton == "stages":  # NAS-Bench-201 on CIFAR-10
            return cls(space, task_spec("class_object", outputs=10, image_size=32), config)
        # TransNAS-Bench-101
        return cls(space, task_spec("class_object", outputs=75, image_size=256), config)

    def values(self, names: Sequence[str], vectors: Architecture) -> NDArray[np.float64]:
        """Return counts ``(len(names), n)`` of architectures ``(n, num_positions)``."""
        frame = statistics_of_many(self._space, vectors, self.spec, self._config)
        if not len(vectors):
            return np.empty((len(names), 0))
        return np.stack([frame[name].to_numpy(np.float64) for name in names])


class MeasuredCosts:
    """Latency and peak memory of networks on this device, a `ProxySource`.

    Each network is built with its first weights and measured once, when it is first asked for;
    training changes neither number. Names are ``latency_ms``, the median of single examples,
    ``latency_spread_ms``, its quartiles' distance, and ``peak_memory_mb`` (10⁶ bytes); with a
    ``batch`` also the three with ``_at_N`` behind them for a batch of N.

    Args:
        space: The search space.
        spec: The task.
        config: The skeleton; None: the published one of the space.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch: Also measure batches of so many examples, 2 or more; None for single ones alone.
        file: Keeps what was measured, so that a search that is gone on with sees the same numbers;
            None to keep nothing.
        warmup: Batches before the first that is timed.
        runs: Batches that are timed.

    Raises:
        RunError: If the file is damaged.
    """

    free = False

    def __init__(
        self,
        space: SearchSpace,
        spec: TaskSpec,
        config: SkeletonConfig | None = None,
        *,
        device: str = "auto",
        batch: int | None = None,
        file: str | Path | None = None,
        warmup: int = 10,
        runs: int = 50,
    ) -> None:
        self._space = space
        self._spec = spec
        self._config = config
        self._device = device
        self._batches = (1,) if batch is None else (1, whole(batch, "batch", 2))
        self._timing: dict[str, Any] = {"warmup": warmup, "runs": runs}
        self._file = None if file is None else Path(file)
        self._known: dict[str, dict[str, float]] = {}
        if self._file is not None and self._file.exists():
            remedy = "Delete it to measure again."
            found = read_sealed_json(self._file, "list of measured costs", RunError, remedy)
            with guarded(self._file, "list of measured costs", RunError, remedy):
                self._known = {
                    str(text): {str(name): float(value) for name, value in costs.items()}
                    for text, costs in found.items()
                }

    @property
    def names(self) -> tuple[str, ...]:
        """See the class."""
        own = (LATENCY, SPREAD, MEMORY)
        return tuple(name + _suffix(batch) for batch in self._batches for name in own)

    def values(self, names: Sequence[str], vectors: Architecture) -> NDArray[np.float64]:
        """Return costs ``(len(names), n)`` of architectures ``(n, num_positions)``."""
        costs = [self._costs(self._space.format(vector), names) for vector in vectors]
        found = [[own[name] for own in costs] for name in names]
        return np.array(found, dtype=np.float64).reshape(len(names), len(vectors))

    def _costs(self, text: str, names: Sequence[str]) -> dict[str, float]:
        known = self._known.setdefault(text, {})
        if any(name not in known for name in names):
            network = build_task_network(self._space, text, self._spec, self._config)
            options: dict[str, Any] = {"device": self._device}
            for batch in self._batches:
                end = _suffix(batch)
                took = measure_latency(network, self._spec, batch=batch, **options, **self._timing)
                held = peak_memory(network, self._spec, batch=batch, **options)
                known[LATENCY + end], known[SPREAD + end] = took.median_ms, took.spread_ms
                known[MEMORY + end] = held / 1e6
            if self._file is not None:
                write_sealed_json(self._file, self._known)
        return known


def _suffix(batch: int) -> str:
    return "" if batch == 1 else f"_at_{batch}"
