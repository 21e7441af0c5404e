"""L2-SP: hold weights near where they started from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from rlnas.transfer.weights.carry import CarriedTensor


class SourceAnchor:
    """The penalty α/2·‖w_S − w_S⁰‖² + β/2·‖w_new‖² (L2-SP: Li, Grandvalet & Davoine 2018).

    w_S are the weights that the source gave, w_S⁰ what it gave, and w_new the others. (arXiv
    1802.01483.) The gradient passes through clipping and Adam as that of the loss does,
    so what counts is how large α is beside the loss, not beside 1. All controllers start from one
    source, so nothing here is held for each of them.

    Args:
        carried: What the source gave, for every parameter of the networks.
        alpha: Pull towards the source, 0 or more.
        beta: Pull of the others towards 0, 0 or more.
    """

    def __init__(self, carried: Sequence[CarriedTensor], alpha: float, beta: float) -> None:
        self._anchors: dict[str, tuple[Tensor, Tensor]] = {}
        for tensor in carried:
            shape = tensor.report.shape
            if tensor.values is None or tensor.known is None:
                values, known = torch.zeros(shape), torch.zeros(())
            else:
                values, known = tensor.values, tensor.known
            weights = (beta + (alpha - beta) * known).expand(shape)
            self._anchors[tensor.report.name] = values.reshape(-1), weights.reshape(-1)
        self._rows: tuple[Tensor, Tensor] | None = None

    def __call__(self, parameters: Mapping[str, Tensor]) -> Tensor:
        """Return the penalty ``(K,)`` of parameters by name, ``(K, *shape)`` each."""
        flat = torch.cat([value.flatten(1) for value in parameters.values()], dim=1)
        if self._rows is None:
            own = [self._anchors[name] for name in parameters]
            start, weights = (torch.cat(column) for column in zip(*own, strict=True))
            self._rows = start.to(flat.device), weights.to(flat.device)
        start, weights = self._rows
        return (weights * (flat - start).square()).sum(1) / 2
