"""Targets of a split, held in memory in their smallest form and handed out as a trainer wants."""

from __future__ import annotations

from typing import Protocol

import torch

from rlnas.datasets.spec import Kind
from rlnas.errors import InvalidArgumentError

# What one unit of a stored image target stands for.
_IMAGE_SCALE = {torch.uint8: (1 / 127.5, -1.0), torch.int8: (1 / 127, 0.0)}


class Targets(Protocol):
    """The targets of a split."""

    def __len__(self) -> int:
        """Return the number of targets."""
        ...

    def select(self, indices: torch.Tensor) -> torch.Tensor:
        """Return targets as `rlnas.datasets.TaskSpec` states them."""
        ...

    def to(self, device: torch.device | str) -> Targets:
        """Return the same targets, handed out on ``device``."""
        ...


def convert_targets(stored: torch.Tensor, kind: Kind) -> torch.Tensor:
    """Return targets as `rlnas.datasets.TaskSpec` states them, from their stored form.

    Args:
        stored: As `MemoryTargets` takes them.
        kind: Their kind.
    """
    if kind in {"class", "pixels"}:
        return stored.long()
    if kind == "image" and stored.dtype in _IMAGE_SCALE:
        scale, shift = _IMAGE_SCALE[stored.dtype]
        # Rounding may leave the range by one part in ten million.
        return stored.float().mul_(scale).add_(shift).clamp_(-1, 1)
    return stored.float()


class MemoryTargets:
    """Targets held in memory.

    Args:
        values: By kind: class, integers ``(N,)``; vector, floats ``(N, outputs)``; pixels, uint8
            ``(N, H, W)``; image, ``(N, C, H, W)`` as uint8 (0…255 is −1…1), int8 (−127…127 is
            −1…1) or floats within [−1, 1].
        kind: The kind of the targets.

    Raises:
        InvalidArgumentError: If the values are of another type or shape.
    """

    def __init__(self, values: torch.Tensor, kind: Kind) -> None:
        expected = {"class": 1, "vector": 2, "pixels": 3, "image": 4}.get(kind)
        if expected is None or values.ndim != expected:
            raise InvalidArgumentError(
                f"Targets of kind {kind!r} cannot have shape {tuple(values.shape)}; expected "
                "class (N,), vector (N, outputs), pixels (N, H, W) or image (N, C, H, W)."
            )
        if kind in {"class", "pixels"} and values.is_floating_point():
            raise InvalidArgumentError(
                f"Targets of kind {kind!r} are {values.dtype}; expected integers."
            )
        self.values = values
        self.kind = kind

    def __len__(self) -> int:
        return len(self.values)

    def select(self, indices: torch.Tensor) -> torch.Tensor:
        """Return targets as `rlnas.datasets.TaskSpec` states them."""
        return convert_targets(
            self.values.index_select(0, indices.to(self.values.device)), self.kind
        )

    def to(self, device: torch.device | str) -> MemoryTargets:
        """Return the same targets held on ``device``."""
        return MemoryTargets(self.values.to(device), self.kind)
