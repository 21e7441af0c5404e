"""What the architectures of a run may cost at most, and where it is known what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.builtin import built_in_tables
from rlnas.benchmarks.fetch import load_table
from rlnas.errors import InvalidArgumentError
from rlnas.spaces import ScheduleSpace
from rlnas.tasks import Limit, Limits, Suite, TabularTask
from rlnas.tasks.proxies import ProxyColumns, ProxySource

if TYPE_CHECKING:
    from rlnas.training.objective.task import TrainingSetup

COSTS = "costs.json"
"""Where a run keeps what it measured."""


def limit_suite(suite: Suite[TabularTask], name: str, most: Mapping[str, float]) -> None:
    """Let the tasks of a suite refuse what costs more than is allowed.

    A built-in table counted the networks that it trained; of other suites the networks in the
    published skeleton of their space are counted, with a classifier for their head.

    Args:
        suite: The suite, whose tasks get the limits.
        name: Its name.
        most: The most of each cost, by name: parameters, macs, flops, live_parameters.

    Raises:
        InvalidArgumentError: If a cost is none of these, or no architecture keeps the limits.
        UnknownNameError: If the networks of the space are not known.
    """
    if not most:
        return
    from rlnas.networks import NetworkCounts

    if measured := [cost for cost in most if cost not in NetworkCounts.names]:
        raise InvalidArgumentError(
            f"{measured[0]} cannot be limited on the suite {name}: its results are a table, and "
            "nothing is built that could be measured. Limit parameters or macs."
        )
    counted: dict[str, dict[str, NDArray[np.float64]]] = {}
    if name in built_in_tables():
        table = load_table(name)
        for column in table.columns:
            scores = table.scores(column.task, column.metric.name)
            counted.setdefault(column.task, {})[column.metric.name] = column.metric.raw(scores)
    for short, task in suite.items():
        source: ProxySource = ProxyColumns(task.space, counted.get(short, {}))
        if not set(most) <= set(source.names):
            source = NetworkCounts.published(task.space)
        task.limits = Limits(task.space, [Limit(*pair, source) for pair in most.items()])
        task.limits.allowed(task.space.arrays)


def training_limits(setup: TrainingSetup, most: Mapping[str, float], folder: Path) -> Limits | None:
    """Return the limits of a search that trains, or None if there are none.

    Args:
        setup: Data, skeleton and device.
        most: The most of each cost, by name, see `rlnas.networks.NetworkCounts` and
            `rlnas.networks.MeasuredCosts`.
        folder: The run folder, which keeps what is measured.

    Raises:
        InvalidArgumentError: If there is no such cost, or no architecture keeps the limits.
    """
    if not most:
        return None
    from rlnas.networks import MeasuredCosts, NetworkCounts

    if isinstance(setup.space, ScheduleSpace):
        raise InvalidArgumentError(
            "A search of schedules trains one network; there is nothing to limit."
        )
    counts = NetworkCounts(setup.space, setup.data.spec, setup.config)
    measured = MeasuredCosts(
        setup.space, setup.data.spec, setup.config, device=setup.device, file=folder / COSTS
    )
    known = (*counts.names, *measured.names)
    limits = []
    for name, value in most.items():
        if name not in known:
            raise InvalidArgumentError(
                f"There is no cost {name!r} to limit; known are {', '.join(known)}."
            )
        limits.append(Limit(name, value, counts if name in counts.names else measured))
    found = Limits(setup.space, limits)
    if setup.space.indexable:
        found.allowed(setup.space.arrays[:1])
    return found
