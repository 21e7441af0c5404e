"""What is known of an architecture before it is trained: zero-cost proxies of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.spaces import Architecture, SearchSpace


class ProxySource(Protocol):
    """Gives the proxies of a task's architectures; no score of the task is among them."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the proxies, none if there are none."""
        ...

    @property
    def free(self) -> bool:
        """Whether values are only read; otherwise the seconds they take are a search's cost."""
        ...

    def values(self, names: Sequence[str], vectors: Architecture) -> NDArray[np.float64]:
        """Return values ``(len(names), n)`` of architectures ``(n, num_positions)``.

        NaN where there is none; larger promises more.
        """
        ...


class ProxyColumns:
    """Proxies that were measured of all of a space.

    Args:
        space: An indexable search space.
        columns: By name ``(space.size,)`` values, or a function that loads them when they are asked
            for. What is of another size is left out.
    """

    free = True

    def __init__(
        self,
        space: SearchSpace,
        columns: Mapping[str, ArrayLike] | Callable[[], Mapping[str, ArrayLike]],
    ) -> None:
        self._space = space
        self._given = columns

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.float64]]:
        given = self._given() if callable(self._given) else self._given
        columns = {name: np.asarray(v, dtype=np.float64) for name, v in given.items()}
        return {name: v for name, v in columns.items() if v.shape == (self._space.size,)}

    @property
    def names(self) -> tuple[str, ...]:
        """See `ProxySource.names`."""
        return tuple(self._columns)

    def values(self, names: Sequence[str], vectors: Architecture) -> NDArray[np.float64]:
        """See `ProxySource.values`."""
        rows = self._space.index(vectors)
        return np.array([self._columns[name][rows] for name in names]).reshape(-1, len(vectors))
