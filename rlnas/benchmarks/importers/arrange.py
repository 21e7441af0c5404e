"""From architectures in a file's order to the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import DataError
from rlnas.spaces import Architecture, SearchSpace


def arrange(
    space: SearchSpace, architectures: Sequence[Architecture] | Architecture
) -> tuple[NDArray[np.int64], Architecture | None]:
    """Return the order that makes a file's architectures the rows of a table.

    Args:
        space: The search space.
        architectures: Valid architectures in the order of the file.

    Returns:
        ``order``, so that ``values[order]`` are the rows, and the rows' architectures, or None
        where every architecture of the space has a row and row ``i`` has index ``i``.

    Raises:
        DataError: If an architecture occurs twice.
    """
    vectors = np.asarray(architectures, dtype=np.int8).reshape(-1, space.num_positions)
    if space.indexable:
        keys = space.index(vectors)
        order = np.argsort(keys, kind="stable")
        repeated = np.flatnonzero(np.diff(keys[order]) == 0)
    else:
        order = np.lexsort(vectors.T[::-1])
        repeated = np.flatnonzero((np.diff(vectors[order], axis=0) == 0).all(axis=1))
    if len(repeated):
        twice = vectors[order[repeated[0]]]
        raise DataError(f"The architecture {space.format(twice)} occurs more than once.")
    complete = space.indexable and len(vectors) == space.size
    return order, None if complete else vectors[order]
