"""Proxies that look at no data: numbers of parameters and operations, norms of weights."""

from __future__ import annotations

import torch

from rlnas.networks import SearchedNetwork, count_flops, count_parameters
from rlnas.networks.counting import measure
from rlnas.proxies.probe import Probe


def params(probe: Probe) -> float:
    """Return the number of parameters, dead edges' too, `rlnas.networks.count_parameters`.

    Source: the baseline of NAS-Bench-Suite-Zero (arXiv 2210.03230, §2), there in millions.
    """
    return float(count_parameters(probe.network))


def flops(probe: Probe) -> float:
    """Return the FLOPs of one example as the source counts them, `rlnas.networks.count_flops`.

    Of a network that is not a `SearchedNetwork` by the same rules, for the layers that have one.

    Source: the baseline of NAS-Bench-Suite-Zero (arXiv 2210.03230, §2), there in millions.
    """
    network = probe.network
    if isinstance(network, SearchedNetwork):
        return float(count_flops(network, probe.input_shape[-1]))
    return float(measure(lambda: probe.copy_network().to("meta"), (1, *probe.input_shape)).flops)


def l2_norm(probe: Probe) -> float:
    """Return the sum over layers of the Euclidean norm of the weights.

    Source: the baseline of Abdelfattah et al. (ICLR 2021, arXiv 2101.08134); the published scores
    of NAS-Bench-Suite-Zero (arXiv 2210.03230). Layers on dead edges count, as there.
    """
    norms = [torch.linalg.vector_norm(layer.weight.detach()) for layer in probe.layers]
    return float(torch.stack(norms).sum()) if norms else 0.0
