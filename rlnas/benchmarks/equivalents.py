"""One row for each class of equivalent architectures, read as a row for each architecture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rlnas.benchmarks.table import BenchmarkTable
from rlnas.errors import InvalidArgumentError


def spread_to_equivalents(table: BenchmarkTable) -> BenchmarkTable:
    """Return a table in which every architecture has the numbers of its canonical form.

    Equivalent architectures (`SearchSpace.canonical`) compute the same, so measuring one member of
    each class measures them all, and a table that is stored or shipped need hold no more.

    Args:
        table: A table with rows for canonical forms only. A class without a row becomes NaN.

    Returns:
        A table with a row for every architecture of the space, whose tasks are ``canonical_free``.
        One that has a row for each already comes back as it is.

    Raises:
        InvalidArgumentError: If the space is too large to number, or a row is no canonical form.
    """
    space = table.space
    if not space.indexable:
        raise InvalidArgumentError(
            f"{space.name} is too large for a row for every architecture; use the "
            f"{table.num_rows} rows of {table.name!r} as they are."
        )
    if table.architectures is None:
        return table
    held = space.index(table.architectures)
    strange = held != space.canonical_index[held]
    if strange.any():
        row = table.architectures[int(np.argmax(strange))]
        raise InvalidArgumentError(
            f"Table {table.name!r} has a row for {space.format(row)}, whose canonical form is "
            f"{space.format(space.canonical(row))}; expected rows for canonical forms only."
        )
    row_of = np.full(space.size, len(held), dtype=np.int64)
    row_of[held] = np.arange(len(held))
    rows = row_of[space.canonical_index]
    columns = []
    for column in table.columns:
        nothing = np.full((1, *column.values.shape[1:]), np.nan, dtype=column.values.dtype)
        columns.append(replace(column, values=np.concatenate([column.values, nothing])[rows]))
    return BenchmarkTable(
        table.name,
        space,
        columns,
        primary=table.primary,
        source=table.source,
        costs=table.costs,
        tests=table.tests,
        canonical_free=True,
    )
