"""Zero-cost proxies: scores of a network before any training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rlnas.lazy import lazy_names

if TYPE_CHECKING:
    from rlnas.errors import UndefinedScoreError
    from rlnas.proxies.probe import Probe
    from rlnas.proxies.proxy import Proxy, ProxyScore
    from rlnas.proxies.registry import get_proxy, proxy_names, register_proxy
    from rlnas.proxies.scoring import draw_batch, proxy_scores, score_proxies

__all__ = [
    "Probe",
    "Proxy",
    "ProxyScore",
    "UndefinedScoreError",
    "draw_batch",
    "get_proxy",
    "proxy_names",
    "proxy_scores",
    "register_proxy",
    "score_proxies",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Probe": "rlnas.proxies.probe",
        "Proxy": "rlnas.proxies.proxy",
        "ProxyScore": "rlnas.proxies.proxy",
        "UndefinedScoreError": "rlnas.proxies.proxy",
        "draw_batch": "rlnas.proxies.scoring",
        "get_proxy": "rlnas.proxies.registry",
        "proxy_names": "rlnas.proxies.registry",
        "proxy_scores": "rlnas.proxies.scoring",
        "register_proxy": "rlnas.proxies.registry",
        "score_proxies": "rlnas.proxies.scoring",
    },
)
