"""Proxies by name."""

from __future__ import annotations

from typing import Any

from rlnas.proxies.counts import flops, l2_norm, params
from rlnas.proxies.fisher import fisher
from rlnas.proxies.gradients import grad_norm, grasp, plain, snip
from rlnas.proxies.jacobian import epe_nas, jacov
from rlnas.proxies.naswot import naswot
from rlnas.proxies.proxy import Proxy
from rlnas.proxies.synflow import synflow
from rlnas.proxies.zen import zen
from rlnas.registry import Registry

_ABDELFATTAH = "Abdelfattah et al., ICLR 2021, arXiv 2101.08134"
_SUITE_ZERO = "Krishnakumar et al., NAS-Bench-Suite-Zero, NeurIPS 2022, arXiv 2210.03230"


def _named(name: str, loaded: Any) -> Proxy:
    if not isinstance(loaded, Proxy) or loaded.name != name:
        raise TypeError(f"expected a Proxy named {name!r}, got {loaded!r}")
    return loaded


PROXIES: Registry[Proxy] = Registry(
    "proxy",
    {
        proxy.name: proxy
        for proxy in (
            Proxy(
                name="synflow",
                compute=synflow,
                needs_data=False,
                needs_labels=False,
                source="Tanaka et al., NeurIPS 2020, arXiv 2006.05467, §6",
            ),
            Proxy(
                name="snip",
                compute=snip,
                needs_data=True,
                needs_labels=True,
                source="Lee et al., ICLR 2019, arXiv 1810.02340, §4.1",
            ),
            Proxy(
                name="grasp",
                compute=grasp,
                needs_data=True,
                needs_labels=True,
                source="Wang et al., ICLR 2020, arXiv 2002.07376",
            ),
            Proxy(
                name="fisher",
                compute=fisher,
                needs_data=True,
                needs_labels=True,
                source="Turner et al., BlockSwap, ICLR 2020, arXiv 1906.04113, §3",
            ),
            Proxy(
                name="grad_norm",
                compute=grad_norm,
                needs_data=True,
                needs_labels=True,
                source=f"{_ABDELFATTAH}, §3",
            ),
            Proxy(
                name="jacov",
                compute=jacov,
                needs_data=True,
                needs_labels=False,
                source="Mellor et al., arXiv 2006.04647, version 1, §3",
            ),
            Proxy(
                name="naswot",
                compute=naswot,
                needs_data=True,
                needs_labels=False,
                source="Mellor et al., ICML 2021, arXiv 2006.04647, version 3, §3",
            ),
            Proxy(
                name="zen",
                compute=zen,
                needs_data=False,
                needs_labels=False,
                deterministic=False,
                source="Lin et al., Zen-NAS, ICCV 2021, arXiv 2102.01063, Algorithm 1",
            ),
            Proxy(
                name="epe_nas",
                compute=epe_nas,
                needs_data=True,
                needs_labels=True,
                source="Lopes et al., EPE-NAS, arXiv 2102.08099, §3",
            ),
            Proxy(
                name="l2_norm",
                compute=l2_norm,
                needs_data=False,
                needs_labels=False,
                source=f"{_ABDELFATTAH}, baseline of the authors' code",
            ),
            Proxy(
                name="plain",
                compute=plain,
                needs_data=True,
                needs_labels=True,
                source=f"{_ABDELFATTAH}, baseline of the authors' code",
            ),
            Proxy(
                name="params",
                compute=params,
                needs_data=False,
                needs_labels=False,
                source=f"{_SUITE_ZERO}, §2",
            ),
            Proxy(
                name="flops",
                compute=flops,
                needs_data=False,
                needs_labels=False,
                source=f"{_SUITE_ZERO}, §2",
            ),
        )
    },
    group="rlnas.proxies",
    adapt=_named,
)
"""Every proxy."""


def register_proxy(proxy: Proxy) -> None:
    """Make a proxy known by its name.

    Args:
        proxy: The proxy. `score_proxies` computes it with the others from then on.

    Raises:
        InvalidArgumentError: If the name is taken.
    """
    PROXIES.register(proxy.name, proxy)


def get_proxy(name: str) -> Proxy:
    """Return a proxy.

    Args:
        name: One of `proxy_names`.

    Raises:
        UnknownNameError: If there is no proxy of this name.
    """
    return PROXIES.get(name)


def proxy_names() -> tuple[str, ...]:
    """Return the names of the registered proxies, the thirteen of this package first."""
    return PROXIES.names()
