"""Proxies of gradients of the loss for the weights: grad_norm, snip, plain, and grasp's second."""

from __future__ import annotations

import torch
from torch import Tensor

from rlnas.proxies.probe import Probe


def _products(probe: Probe) -> list[Tensor]:
    """Return weight times gradient, layer by layer."""
    layers = zip(probe.layers, probe.weight_gradients, strict=True)
    return [layer.weight.detach() * gradient for layer, gradient in layers]


def grad_norm(probe: Probe) -> float:
    """Return the sum over layers of the Euclidean norm of the gradient of the weights.

    Source: Abdelfattah et al. (ICLR 2021, arXiv 2101.08134, §3).
    """
    return float(sum(torch.linalg.vector_norm(g) for g in probe.weight_gradients))


def snip(probe: Probe) -> float:
    """Return Σ |w · ∂L/∂w|, how much the loss feels the loss of each connection.

    Source: Lee, Ajanthan, Torr (ICLR 2019, arXiv 1810.02340, §4.1), summed over the network as by
    Abdelfattah et al. (ICLR 2021, arXiv 2101.08134, §3).
    """
    return float(sum(product.abs().sum() for product in _products(probe)))


def plain(probe: Probe) -> float:
    """Return Σ w · ∂L/∂w with its sign.

    Layers before a batch normalisation sum to zero up to its ε, because scaling their weights
    changes nothing; what remains is the head's part and rounding.

    Source: the baseline of that name of Abdelfattah et al.'s code (ICLR 2021, arXiv 2101.08134)
    and of NAS-Bench-Suite-Zero (arXiv 2210.03230, §2).
    """
    return float(sum(product.sum() for product in _products(probe)))


def grasp(probe: Probe) -> float:
    """Return −Σ w · (H g): g the gradient of the loss for the weights, H its Hessian.

    One batch gives both factors, and temperature is 1, as in the published scores. For a task
    without classes it is the same formula with that task's loss.

    Source: Wang, Zhang, Grosse (ICLR 2020, arXiv 2002.07376), summed over the network and with
    this sign by Abdelfattah et al. (ICLR 2021, arXiv 2101.08134, §3).
    """
    weights: list[Tensor] = [layer.weight for layer in probe.layers]
    gradients = probe.differentiate(probe.loss, weights, create_graph=True)
    # ½ |g|² has the gradient H g, because H is symmetric.
    energy = sum((gradient.square().sum() for gradient in gradients), probe.loss.new_zeros(()))
    products = probe.differentiate(energy / 2, weights)
    return -float(sum((w.detach() * p).sum() for w, p in zip(weights, products, strict=True)))
