"""Fisher: how much the loss feels the loss of each channel."""

from __future__ import annotations

from torch import Tensor

from rlnas.proxies.probe import Probe


def fisher(probe: Probe) -> float:
    """Return Σ over layers and channels of Δ · (weights of a channel of the layer).

    Δ = ½ · mean over examples of (Σ over positions of activation · gradient)², where the activation
    is the layer's output. The tiles of a puzzle are positions of one example. The factor is there
    because the published scores give each weight the Δ of its channel and add the weights.

    Source: Turner et al. (BlockSwap, ICLR 2020, arXiv 1906.04113, §3), in the form of Abdelfattah
    et al. (ICLR 2021, arXiv 2101.08134, §3).
    """
    calls = [
        (layer.weight[0].numel(), output)
        for layer, outputs in zip(probe.layers, probe.forward.layer_outputs, strict=True)
        for output in outputs
        if output.requires_grad
    ]
    gradients = probe.differentiate(probe.loss, [output for _, output in calls])
    examples = len(probe.forward.inputs)
    total = probe.loss.new_zeros(())
    for (weights, output), gradient in zip(calls, gradients, strict=True):
        total = total + weights * _delta(output.detach() * gradient, examples)
    return float(total)


def _delta(product: Tensor, examples: int) -> Tensor:
    """Return Σ over channels of Δ for ``(examples · tiles, channels, …)`` products."""
    by_channel = product.flatten(2).sum(2) if product.ndim > 2 else product
    by_example = by_channel.reshape(examples, -1, by_channel.shape[1]).sum(1)
    return by_example.square().mean(0).sum() / 2
