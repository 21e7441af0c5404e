"""Sources as proxies: each source's scores, with the influence that they earn on the target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.search import Searcher
from rlnas.search.base import Takes
from rlnas.search.options import make_config
from rlnas.search.proxies.known import SOURCE
from rlnas.search.proxies.proxy_bo import ProxyBO
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger
from rlnas.tasks.proxies import ProxyColumns, ProxySource
from rlnas.transfer.registry import MethodSettings
from rlnas.transfer.sources import Source, SourcePool, source_scores


class SourcesAsProxies(Searcher):
    """ProxyBO with the sources' scores as further proxies, whose reliability is measured too.

    A source that misleads orders what was observed badly, and loses its influence. The target's own
    proxies take part as in `ProxyBO`.

    Args:
        sources: The source tasks with their results, on the target's space.
        options: Options of `ProxyBO`.

    Raises:
        InvalidArgumentError: If a source's task is not at hand, there is no source, or no such
            option.
    """

    name = "proxybo-sources"
    by_name = True
    takes: tuple[Takes, ...] = ("one", "several")
    trained = "nothing"
    compares_results = True
    Config: type[ProxyBO] = ProxyBO

    def __init__(self, sources: Sequence[Source], **options: Any) -> None:
        self.config = make_config(self.Config, None, options, self.name)
        self.space = sources[0].controller.space if sources else None
        columns = source_scores(sources)
        self._columns = {
            SOURCE + source.name: column for source, column in zip(sources, columns, strict=True)
        }

    @classmethod
    def from_sources(
        cls, pool: SourcePool, settings: MethodSettings, **options: Any
    ) -> SourcesAsProxies:
        """Return the method of a pool's sources."""
        return cls(pool.sources, **options)

    def options(self) -> dict[str, object]:
        """Return the options."""
        return self.config.options()

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        if self.space is None or ledger.space.name != self.space.name:
            raise InvalidArgumentError(
                f"The sources' results are on another space than the target's {ledger.space.name}."
            )
        ledger.proxies = _Both(ledger.proxies, ProxyColumns(ledger.space, self._columns))
        self.config._search(ledger, rng)


class _Both:
    """The target's proxies and the sources' scores as one."""

    def __init__(self, own: ProxySource | None, sources: ProxyColumns) -> None:
        self._own = own
        self._sources = sources
        self.free = own is None or own.free

    @property
    def names(self) -> tuple[str, ...]:
        return (*(self._own.names if self._own else ()), *self._sources.names)

    def values(self, names: Sequence[str], vectors: Architecture) -> NDArray[np.float64]:
        theirs = [name for name in names if name.startswith(SOURCE)]
        own = [name for name in names if not name.startswith(SOURCE)]
        parts = [self._sources.values(theirs, vectors)]
        if self._own is not None and own:
            parts.append(self._own.values(own, vectors))
        rows = dict(zip((*theirs, *own), np.concatenate(parts), strict=True))
        return np.array([rows[name] for name in names])
