"""Proxies of the weights alone: their number, their size, and the work they ask for."""

from __future__ import annotations

import torch

from rlnas.proxies.probe import Probe


def l2_norm(probe: Probe) -> float:
    """Return the sum over layers of the Euclidean norm of the weights.

    Source: the baseline of Abdelfattah et al. (ICLR 2021, arXiv 2101.08134); the published scores
    of NAS-Bench-Suite-Zero (arXiv 2210.03230). Layers on dead edges count, as there.
    """
    norms = [torch.linalg.vector_norm(layer.weight.detach()) for layer in probe.layers]
    return float(torch.stack(norms).sum()) if norms else 0.0
