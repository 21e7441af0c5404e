"""What an architecture may cost at most: one that costs more is refused before it is evaluated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import Architecture, SearchSpace
from rlnas.tasks.proxies import ProxySource


@dataclass(frozen=True)
class Limit:
    """The most of one cost.

    Attributes:
        name: Name of the cost in its source, e.g. ``macs``.
        most: Largest value that is allowed, in the unit of the source.
        source: Knows the cost of every architecture without evaluating it. What it does not know
            (NaN) is not allowed.

    Raises:
        InvalidArgumentError: If ``most`` is no positive number, or the source has no such cost.
    """

    name: str
    most: float
    source: ProxySource

    def __post_init__(self) -> None:
        most = float(self.most)
        if not 0 < most < math.inf:
            raise InvalidArgumentError(
                f"The limit of {self.name} is {self.most}; expected a number above 0."
            )
        object.__setattr__(self, "most", most)
        if self.name not in self.source.names:
            raise InvalidArgumentError(
                f"There is no cost {self.name!r} to limit; known are "
                f"{', '.join(self.source.names) or 'none'}."
            )


class Limits:
    """Limits on what architectures of a space cost, all of which one has to keep.

    Costs that are only read are looked up for the whole of an indexable space at once; others, such
    as a measured latency, are asked for one by one, cheapest kind first.

    Args:
        space: The search space.
        limits: The limits.
    """

    def __init__(self, space: SearchSpace, limits: Sequence[Limit]) -> None:
        self._space = space
        self._all = tuple(sorted(limits, key=lambda limit: not limit.source.free))
        self._read = tuple(limit for limit in self._all if limit.source.free)
        self._allowed: NDArray[np.bool_] | None = None

    def __bool__(self) -> bool:
        return bool(self._all)

    @property
    def read(self) -> bool:
        """Whether all costs are only read, so that asking takes no time worth speaking of."""
        return len(self._read) == len(self._all)

    def describe(self) -> dict[str, float]:
        """Return the most of each cost, by name."""
        return {limit.name: limit.most for limit in self._all}

    def allowed(self, vectors: Architecture) -> NDArray[np.bool_]:
        """Return which architectures ``(n, num_positions)`` keep the limits whose costs are read.

        Those whose costs have to be measured are not looked at.
        """
        if self._space.indexable:
            return np.asarray(self._whole()[self._space.index(vectors)])
        return self._keep(vectors)

    def _whole(self) -> NDArray[np.bool_]:
        """Return which architectures of an indexable space are allowed.

        Raises:
            InvalidArgumentError: If none is.
        """
        if self._allowed is None:
            self._allowed = self._keep(self._space.arrays)
            if not self._allowed.any():
                least = ", ".join(
                    f"{limit.name} {np.nanmin(self._values(limit, self._space.arrays)):,.6g}"
                    for limit in self._read
                )
                asked = ", ".join(f"{limit.name} {limit.most:,.6g}" for limit in self._read)
                raise InvalidArgumentError(
                    f"No architecture of {self._space.name} keeps to {asked}; the least there is: "
                    f"{least}. Allow more."
                )
        return self._allowed

    def _keep(self, vectors: Architecture) -> NDArray[np.bool_]:
        keep = np.ones(len(vectors), dtype=np.bool_)
        for limit in self._read:
            keep &= self._values(limit, vectors) <= limit.most  # NaN is not
        return keep

    @staticmethod
    def _values(limit: Limit, vectors: Architecture) -> NDArray[np.float64]:
        return np.asarray(limit.source.values((limit.name,), vectors)[0])

    def broken(self, vector: Architecture) -> str | None:
        """Return which limit an architecture ``(num_positions,)`` breaks, in words, or None."""
        if not self.allowed(vector[None])[0]:
            return self._first_broken(self._read, vector)
        measured = [limit for limit in self._all if not limit.source.free]
        return self._first_broken(measured, vector)

    def _first_broken(self, limits: Sequence[Limit], vector: Architecture) -> str | None:
        for limit in limits:
            value = float(self._values(limit, vector[None])[0])
            if not value <= limit.most:
                return f"over the limit: {limit.name} {value:,.6g}, allowed {limit.most:,.6g}"
        return None
