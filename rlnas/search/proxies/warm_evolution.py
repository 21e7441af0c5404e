"""Evolution whose first population is what proxies rank best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rlnas.search.evolution import RegularisedEvolution
from rlnas.search.proxies.known import AUTO, KnownProxies
from rlnas.search.proxies.proxy_bo import PUBLISHED
from rlnas.search.proxies.proxy_rank import RankedFirst
from rlnas.search.unseen import UnseenSampler
from rlnas.tasks import QueryLedger


@dataclass(frozen=True, kw_only=True)
class WarmEvolution(RegularisedEvolution):
    """Ageing evolution that starts from what proxies rank best.

    The first population is the head of the list of `ProxyRank`. (Proxy warm-up: Abdelfattah et al.,
    ICLR 2021, arXiv 2101.08134, section 4.)

    Attributes:
        proxies: Names of proxies; ``auto``: snip, jacov and synflow as far as the task has them, or
            all that it has.
        pool: Random architectures that are ranked where a space cannot be listed.
        live: The same where proxies have to be computed.
    """

    name = "proxy-evolution"
    by_name = True

    proxies: tuple[str, ...] = AUTO
    pool: int = 1000
    live: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "proxies", tuple(self.proxies))

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return {**super().options(), "proxies": list(self.proxies)}

    def _newcomers(self, ledger: QueryLedger, rng: np.random.Generator) -> UnseenSampler:
        proxies = KnownProxies(ledger, self.proxies, PUBLISHED)
        sizes = {"pool": self.pool, "live": self.live}
        return RankedFirst(ledger, rng, proxies, **sizes, most=self.population)
