"""What a proxy is, what it gives, and how it says that it has no score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rlnas.proxies.probe import Probe


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """A score of a network with its first weights.

    Attributes:
        name: Its name.
        compute: Gives the score of a probe as a float, any real number. May raise
            `UndefinedScoreError`. It leaves the probe's network as it is and takes
            `Probe.copy_network` for anything that changes weights or statistics.
        needs_data: Whether it reads the inputs of a batch.
        needs_labels: Whether it reads the targets of a batch.
        deterministic: Whether the seed plays no part: the same network and batch give the same
            score.
        source: Where it is from: paper and section.
    """

    name: str
    compute: Callable[[Probe], float]
    needs_data: bool
    needs_labels: bool
    deterministic: bool = True
    source: str = ""


@dataclass(frozen=True)
class ProxyScore:
    """What a proxy says of a network.

    Attributes:
        value: The score, finite; NaN if it failed. Never imputed.
        seconds: What the proxy costs alone: its own time and that of the passes that it shares
            with other proxies of the same call. So the sum over proxies exceeds the call's time.
        failure: Why there is no score; empty if there is one.
    """

    value: float
    seconds: float
    failure: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is no score."""
        return bool(self.failure)
