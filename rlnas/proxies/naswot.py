"""NASWOT: how many different linear regions the examples of a batch fall into."""

from __future__ import annotations

import torch

from rlnas.errors import UndefinedScoreError
from rlnas.proxies.probe import Probe


def naswot(probe: Probe) -> float:
    """Return log |det K|, where K counts the rectifiers on which two examples agree.

    Every rectifier's input gives each example a binary code, 1 where it is positive; K is the
    number of equal bits, added over the rectifiers. The tiles of a puzzle are one example.

    Source: Mellor et al. (ICML 2021, arXiv 2006.04647, version 3, §3).

    Raises:
        UndefinedScoreError: If the network has no rectifier, or two examples have equal codes.
    """
    forward = probe.forward
    examples = len(forward.inputs)
    if not forward.rectified:
        raise UndefinedScoreError("The network has no rectifier.")
    kernel = torch.zeros(examples, examples, dtype=torch.float64, device=probe.device)
    for values in forward.rectified:
        # With signs, s·s' = agreements − disagreements, so one product does for both halves.
        signs = (values.detach().reshape(examples, -1) > 0).float() * 2 - 1
        kernel += (signs @ signs.T + signs.shape[1]) / 2
    sign, log_determinant = torch.linalg.slogdet(kernel)
    if not float(sign):
        raise UndefinedScoreError("Two examples of the batch have the same activation pattern.")
    return float(log_determinant)
