"""What an estimator of similarity may need beside sources and queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rlnas.transfer.similarity.source_task import Floats

ProxyValues = Mapping[str, Mapping[str, Floats]]
"""By task and proxy, ``(space.size,)`` values, larger is taken for better; NaN where unmeasured."""


@dataclass(frozen=True)
class EstimatorContext:
    """What an estimator may need beside sources and queries.

    Attributes:
        target: Name of the target, by which its proxy values are found.
        proxies: Zero-cost-proxy values by task; empty where there are none.
        policies: Whether the sources have controllers, for the ensemble's choice of members.
    """

    target: str = ""
    proxies: ProxyValues = field(default_factory=dict)
    policies: bool = True
