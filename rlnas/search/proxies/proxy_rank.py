"""The order of all proxies together, without learning from queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.proxies.known import AUTO, KnownProxies, known_architectures, promise_of
from rlnas.search.proxies.proxy_bo import PUBLISHED
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger


@dataclass(frozen=True, kw_only=True)
class ProxyRank(Searcher):
    """Query what the task's own proxies rank best on the whole, and look at no score.

    Architectures are ranked by each proxy, and the ranks added up; among equals the seed decides.
    When all whose proxies are known were queried, the rest comes at random. The list of
    `proxy-rank-sum` is another: of the means over all tasks of a table.

    Attributes:
        proxies: Names of proxies; ``auto``: snip, jacov and synflow as far as the task has them, or
            all that it has.
        pool: Random architectures that are ranked where a space cannot be listed.
        live: The same where proxies have to be computed.
    """

    name = "proxy-rank"
    by_name = True

    proxies: tuple[str, ...] = AUTO
    pool: int = 1000
    live: int = 100

    def __post_init__(self) -> None:
        object.__setattr__(self, "proxies", tuple(self.proxies))
        for option in ("pool", "live"):
            if getattr(self, option) < 1:
                raise InvalidArgumentError(
                    f"{option} is {getattr(self, option)}; expected 1 or more."
                )

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return {**asdict(self), "proxies": list(self.proxies)}

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        proxies = KnownProxies(ledger, self.proxies, PUBLISHED)
        sampler = RankedFirst(ledger, rng, proxies, pool=self.pool, live=self.live)
        while not ledger.exhausted:
            drawn = sampler.draw_many(min(ledger.in_flight, ledger.remaining))
            if not drawn:
                return
            ledger.query_many(drawn)


class RankedFirst(UnseenSampler):
    """Draws what proxies rank best, then at random.

    Args:
        ledger: The ledger.
        rng: Decides among equals.
        proxies: The proxies.
        pool: See `known_architectures`.
        live: Likewise.
        most: Most architectures that are drawn by rank; None for all that are known.
    """

    def __init__(
        self,
        ledger: QueryLedger,
        rng: np.random.Generator,
        proxies: KnownProxies,
        *,
        pool: int,
        live: int,
        most: int | None = None,
    ) -> None:
        super().__init__(ledger, rng)
        vectors = known_architectures(ledger, rng, proxies, pool, live)
        promise = promise_of(proxies.values(vectors))
        self._ranked = vectors[np.lexsort((rng.random(len(vectors)), -promise))]
        self._place, self._most = 0, most

    def draw_many(self, count: int) -> list[Architecture]:
        """Return up to ``count`` unseen architectures; see `UnseenSampler.draw_many`."""
        drawn: list[Architecture] = []
        keys = set()
        while len(drawn) < count and self._place < len(self._ranked) and self._most != 0:
            vector = self._ranked[self._place]
            self._place += 1
            key = self._ledger.key(vector)
            if self._ledger.seen(vector) is None and key not in keys:
                keys.add(key)
                drawn.append(vector)
                self._most = None if self._most is None else self._most - 1
        return drawn or super().draw_many(count)
