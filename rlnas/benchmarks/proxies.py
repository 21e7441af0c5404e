"""The zero-cost proxies that tables hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.builtin import built_in_tables
from rlnas.benchmarks.cache import installed_tables
from rlnas.benchmarks.catalogue import catalogue, catalogue_tables
from rlnas.benchmarks.fetch import load_table
from rlnas.errors import DataError


def load_proxies(suite: str) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Return the proxy values that the tables of a suite's space hold, by task and proxy.

    Columns that were measured neither on validation nor on test data, seconds left out, of the
    suite's own table and of the catalogue's proxy tables of the same benchmark. What cannot be had
    (no network, no file) is left out.

    Args:
        suite: Name of a suite; one without a table, such as a synthetic one, has no proxies.
    """
    tables = (*built_in_tables(), *catalogue_tables(), *installed_tables())
    names = [suite] if suite in tables else []
    names += [
        entry.tables[suite]
        for entry in catalogue()
        if suite in entry.tables and "proxies" in entry.name
    ]
    values: dict[str, dict[str, NDArray[np.float64]]] = {}
    for name in names:
        try:
            table = load_table(name)
        except DataError:
            continue
        for column in table.columns:
            metric = column.metric
            if metric.split == "none" and metric.unit != "s":
                values.setdefault(column.task, {})[metric.name] = table.scores(
                    column.task, metric.name
                )
    return values
