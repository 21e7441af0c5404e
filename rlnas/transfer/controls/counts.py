"""Lists by size: the networks with the most parameters, or the most operations."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.networks.known_costs import NetworkCounts
from rlnas.spaces import SearchSpace
from rlnas.transfer.controls.listed import ListSearcher


class MostParameters(ListSearcher):
    """Query the networks with the most parameters first.

    Counted in the published skeleton of the space with a classifier for its head, dead edges too:
    what a task asks for beyond that moves all networks of a space nearly alike.
    """

    name = "most-parameters"

    def values(self, space: SearchSpace) -> NDArray[np.float64]:
        """Return the numbers of parameters; see `ListSearcher.values`.

        Raises:
            InvalidArgumentError: If there are no networks for the space.
        """
        return published_counts(space, "parameters")


class MostFlops(ListSearcher):
    """Query the networks with the most FLOPs first.

    Counted as `rlnas.networks.costs.NetworkStatistics` says, in the published skeleton.
    """

    name = "most-flops"

    def values(self, space: SearchSpace) -> NDArray[np.float64]:
        """Return the FLOPs of one example; see `ListSearcher.values`.

        Raises:
            InvalidArgumentError: If there are no networks for the space.
        """
        return published_counts(space, "flops")


def published_counts(space: SearchSpace, column: str) -> NDArray[np.float64]:
    """Return a count of every architecture of a space, ``(space.size,)``.

    Args:
        space: An indexable space with networks.
        column: A field of `rlnas.networks.costs.NetworkStatistics`.

    Raises:
        InvalidArgumentError: If there are no networks for the space.
    """
    return _counts(space)[column]


@lru_cache(maxsize=4)
def _counts(space: SearchSpace) -> dict[str, NDArray[np.float64]]:
    try:
        values = NetworkCounts.published(space).values(NetworkCounts.names, space.arrays)
    except (InvalidArgumentError, UnknownNameError) as error:
        raise InvalidArgumentError(
            f"The networks of {space.name} cannot be counted, so they cannot be listed by size. "
            f"{error}"
        ) from error
    return dict(zip(NetworkCounts.names, values, strict=True))
