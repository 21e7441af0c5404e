"""Masking of illegal actions."""

from __future__ import annotations

import torch
from torch import Tensor

from rlnas.envs import ObservationLayout

MASKED = -1e8
"""Logit of an illegal action: finite, so that an all-masked row still gives a distribution."""


def masked(logits: Tensor, obs: Tensor, layout: ObservationLayout) -> Tensor:
    """Return logits with those of illegal actions at `MASKED`."""
    return torch.where(obs[:, layout.mask] > 0.5, logits, MASKED)
