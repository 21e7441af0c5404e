"""A list by zero-cost proxies: the sum of what they rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.proxies import load_proxies
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError
from rlnas.spaces import SearchSpace
from rlnas.statistics.score_scales import rank_gaussian
from rlnas.transfer.controls.listed import ListSearcher

_COUNTS = {"parameters", "params", "flops", "macs"}


@dataclass(frozen=True, kw_only=True)
class ProxyRankSum(ListSearcher):
    """Query what zero-cost proxies rank best on the whole.

    Each proxy of a benchmark's tables is ranked over the space, on the mean over the tasks that
    have it; the ranks are added up. No score enters: the tables' columns of proxies are read, and
    not those of results. Counts of parameters and operations are left out: they have lists of
    their own, `most-parameters` and `most-flops`. (Rank sums of proxies: Krishnakumar et al.,
    NAS-Bench-Suite-Zero, arXiv 2210.03230, section 5, combine them by a learned model; here nothing
    is learnt.)

    Attributes:
        suite: The suite whose tables hold the proxies, on the target's space; None: the published
            benchmark of the space. ``rooms-micro`` and ``rooms-macro`` are built in.
        proxies: Which proxies; none named: all that the tables hold.
    """

    name = "proxy-rank-sum"

    suite: str | None = None
    proxies: tuple[str, ...] = ()

    def options(self) -> Mapping[str, object]:
        """Return the suite and the proxies."""
        return {**asdict(self), "proxies": list(self.proxies)}

    def values(self, space: SearchSpace) -> NDArray[np.float64]:
        """Return the sums of ranks; see `ListSearcher.values`.

        Raises:
            DataError: If no proxy is at hand.
            InvalidArgumentError: If the suite is on another space.
            UnknownNameError: If the tables lack a named proxy.
        """
        suite = self.suite or space.name
        by_proxy: dict[str, list[NDArray[np.float64]]] = {}
        for columns in load_proxies(suite).values():
            for proxy in columns.keys() - _COUNTS:
                by_proxy.setdefault(proxy, []).append(columns[proxy])
        if not by_proxy:
            raise DataError(
                f"No zero-cost proxies of {suite} are at hand. Fetch its tables with `rlnas data "
                "fetch`, or name a suite on the same space that has some, such as "
                "suite=rooms-micro."
            )
        for proxy in self.proxies:
            if proxy not in by_proxy:
                raise UnknownNameError(f"proxy of {suite}", proxy, by_proxy)
        ranked = [_ranked(by_proxy[proxy]) for proxy in self.proxies or sorted(by_proxy)]
        if any(len(column) != space.size for column in ranked):
            raise InvalidArgumentError(
                f"The proxies of {suite} are on another space than {space.name}; name a suite on "
                "the target's space."
            )
        return np.asarray(np.sum(ranked, axis=0))


def _ranked(columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return ranks ``(size,)``, 1 for the lowest mean; what has no score ranks lowest."""
    from scipy.stats import rankdata

    bells = []
    for column in columns:
        bell = np.full(len(column), -np.inf)
        known = np.isfinite(column)
        bell[known] = rank_gaussian(column[known])
        bells.append(bell)
    return np.asarray(rankdata(np.mean(bells, axis=0)), dtype=np.float64)
