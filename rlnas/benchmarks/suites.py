"""Suites by name: built-in and published tables, the user's own, and the synthetic one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.builtin import built_in_tables
from rlnas.benchmarks.cache import installed_tables
from rlnas.benchmarks.catalogue import catalogue_tables, get_entry
from rlnas.benchmarks.column import EpochChoice, SeedChoice
from rlnas.benchmarks.fetch import SYNTHETIC, load_table
from rlnas.benchmarks.hostile import PREFIX, base_of, hostile_suite
from rlnas.benchmarks.proxies import load_proxies
from rlnas.benchmarks.synthetic import synthetic_suite
from rlnas.benchmarks.table import BenchmarkTable
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError
from rlnas.tasks import Suite, TabularTask
from rlnas.tasks.proxies import ProxyColumns


def suite_names() -> tuple[str, ...]:
    """Return the names that `load_suite` knows.

    The built-in ones first, then the catalogue's, the user's, and the synthetic one.
    """
    known = (*built_in_tables(), *catalogue_tables())
    own = tuple(name for name in installed_tables() if name not in known)
    return (*known, *own, SYNTHETIC)


def load_suite(
    name: str,
    *,
    metric: str | Mapping[str, str] | None = None,
    seed: SeedChoice = "first",
    epoch: EpochChoice = None,
    table: BenchmarkTable | None = None,
) -> Suite[TabularTask]:
    """Return a suite of tasks by name.

    ``rooms-micro`` and ``rooms-macro`` are built in: real trainings that need no download. A
    public table is taken from the cache, or fetched into it: ``transnas-micro``,
    ``transnas-macro``, ``nasbench-201``, the proxy tables, and the official tables
    ``transnas-official-micro`` and ``transnas-official-macro``. A table that was imported with
    `install_table` goes by its own name. ``synthetic-micro`` was drawn at random and says so.
    ``hostile-<suite>`` has targets that are unlike the tasks of a suite, see `hostile_suite`; a
    task of another suite is among them where a built-in one is on the same space.

    Args:
        name: Name of the suite.
        metric: Metric that searches maximise, for every task or by task; each task's primary one
            by default. Tasks without it are left out.
        seed: What searches see where a table has several seeds: each training's first one by
            default, one of them, or the mean over all; see `Column.select`. The seeds that
            searches do not see judge what was found, see `MeasuredSuite.noise`.
        epoch: Which epoch, where a table holds several; see `Column.select`.
        table: A table to take the tasks from instead of the cache, under the given suite name.

    Raises:
        UnknownNameError: If there is no such suite, or no task has that metric.
        InvalidArgumentError: If the metric was measured on test data, or is not held as asked.
        DataError: If the table cannot be had or read.

    Example:
        >>> list(load_suite("synthetic-micro"))
        ['synthetic-0', 'synthetic-1', 'synthetic-2', 'synthetic-3']
    """
    if table is None:
        if (base := base_of(name)) is not None and base in suite_names():
            of = load_suite(base, metric=metric, seed=seed, epoch=epoch)
            return hostile_suite(of, others=_beside(of))
        if name == SYNTHETIC:
            if metric is not None or seed not in {"mean", "first"} or epoch not in {None, "final"}:
                raise InvalidArgumentError(
                    f"{SYNTHETIC} has one metric, seed and epoch; none can be chosen (asked for: "
                    f"metric {metric!r}, seed {seed!r}, epoch {epoch!r})."
                )
            return synthetic_suite()
        if name not in suite_names():
            every = suite_names()
            raise UnknownNameError("suite", name, (*every, *(PREFIX + known for known in every)))
        table = load_table(name)
    suite = table.suite(name, metric=metric, seed=seed, epoch=epoch)
    if name in catalogue_tables() and (judge := get_entry(name).judge):
        suite.judge = partial(_test_scores, judge)
    for short, task in suite.items():
        task.proxies = ProxyColumns(task.space, partial(_proxies, name, short))
    return suite


def _test_scores(table: str, task: str) -> NDArray[np.float64] | None:
    """Return a task's scores in a table of test scores, None where it cannot be had."""
    try:
        return load_table(table).scores(task)
    except DataError:
        return None


def _proxies(suite: str, task: str) -> dict[str, NDArray[np.float64]]:
    """Return a task's proxies by name."""
    return load_proxies(suite).get(task, {})


def _beside(suite: Suite[TabularTask]) -> Mapping[str, TabularTask]:
    """Return the tasks of the built-in suite on the same space; none of it beside itself."""
    for name in built_in_tables():
        other = load_suite(name)
        if name != suite.name and other.space.name == suite.space.name:
            return {f"{name}-{task}": other[task] for task in _OTHERS}
    return {}


_OTHERS = ("jigsaw", "autoencoder")
"""Tasks of the built-in suites that are least like the published ones."""
