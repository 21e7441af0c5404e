"""The proxies that a search goes by, and the architectures whose proxies it knows."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.search.bayesian.surrogate import is_listed
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

Floats = NDArray[np.float64]

AUTO = ("auto",)
SOURCE = "source/"
"""How the names of proxies begin that are scores on a source task; they always take part."""

_log = logging.getLogger("rlnas")


class KnownProxies:
    """Proxies of a search's target, by name.

    Args:
        ledger: The ledger.
        wanted: Their names; ``("auto",)`` for those of ``usual`` that the target has, or all if it
            has none of them.
        usual: See ``wanted``.

    Attributes:
        names: Their names.
        free: Whether reading them costs nothing.

    Raises:
        UnknownNameError: If the target lacks one that is named.
        InvalidArgumentError: If it has none at all, and some are named.
    """

    def __init__(self, ledger: QueryLedger, wanted: Sequence[str], usual: Sequence[str]) -> None:
        self._ledger = ledger
        source = ledger.proxies
        have = () if source is None else source.names
        own = [name for name in have if not name.startswith(SOURCE)]
        if tuple(wanted) == AUTO:
            names = [name for name in usual if name in have] or own
            names += [name for name in have if name.startswith(SOURCE)]
            if not names:
                _log.warning("The task has no proxies; the search goes on without.")
        else:
            names = list(dict.fromkeys(wanted))
            for name in names:
                if not have:
                    raise InvalidArgumentError(
                        f"The proxy {name!r} was asked for, and the task has no proxies. Take a "
                        "suite whose tables hold some, such as rooms-micro, search a data set, or "
                        "give make_task(…, proxies=…) some."
                    )
                if name not in have:
                    raise UnknownNameError("proxy of the task", name, have)
        self.names = tuple(names)
        self.free = source is None or source.free

    def values(self, vectors: Architecture) -> Floats:
        """Return values ``(P, n)``; −∞ where there is none. What has to be computed is charged."""
        source = self._ledger.proxies
        if source is None or not self.names:
            return np.zeros((0, len(vectors)))
        start = time.perf_counter()
        found = source.values(self.names, vectors)
        if not source.free:
            self._ledger.charge(time.perf_counter() - start)
        return np.where(np.isfinite(found), found, -np.inf)


def promise_of(values: Floats) -> Floats:
    """Return the mean rank of architectures ``(n,)`` over proxies ``(P, n)``; 1 is the lowest."""
    from scipy.stats import rankdata

    if not len(values):
        return np.ones(values.shape[1])
    return np.asarray(rankdata(values, axis=1).mean(axis=0))


def known_architectures(
    ledger: QueryLedger, rng: np.random.Generator, proxies: KnownProxies, pool: int, live: int
) -> Architecture:
    """Return what a fixed list is made of ``(n, num_positions)``: the whole space, or a sample.

    Args:
        ledger: The ledger.
        rng: Source of the sample.
        proxies: The proxies; where they have to be computed, there is a sample.
        pool: Size of a sample whose proxies are only read.
        live: Size of one whose proxies have to be computed, and twice the queries at least, up to
            ``pool``: of a sample as large as the budget all would be queried.
    """
    space = ledger.space
    if proxies.free and is_listed(space):
        return space.arrays
    wanted = 0 if ledger.budget.queries is None else 2 * ledger.remaining
    sample = space.sample(pool if proxies.free else max(live, min(wanted, pool)), rng)
    return np.asarray(np.unique(sample, axis=0))
