"""GraSP: how much the flow of gradients feels the loss of each connection."""

from __future__ import annotations

from torch import Tensor

from rlnas.proxies.probe import Probe


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
