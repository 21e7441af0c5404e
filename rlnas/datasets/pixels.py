"""Where the images of a split come from: bytes in memory, turned into normalised floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch

from rlnas.errors import InvalidArgumentError

FLOAT_BUDGET = 256 * 2**20
"""Bytes of float32 up to which a split is converted once instead of batch by batch."""


@dataclass(frozen=True)
class Normalisation:
    """The affine map from bytes to network inputs: ``(pixel / 255 - mean) / std`` by channel.

    Attributes:
        mean: Mean of each channel, with pixels in [0, 1].
        std: Standard deviation of each channel, likewise; positive.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def fit(cls, images: torch.Tensor) -> Normalisation:
        """Return the normalisation of uint8 images ``(N, C, H, W)``.

        A channel that is constant keeps its scale: its standard deviation counts as 1.
        """
        counts = torch.stack(
            [
                torch.bincount(channel.reshape(-1), minlength=256)
                for channel in images.transpose(0, 1)
            ]
        ).double()
        counts /= counts.sum(dim=1, keepdim=True)
        level = torch.arange(256, dtype=torch.float64) / 255
        mean = counts @ level
        variance = (counts * (level - mean[:, None]).square()).sum(dim=1)
        std = [value if value > 1e-4 else 1.0 for value in variance.sqrt().tolist()]
        return cls(tuple(mean.tolist()), tuple(std))

    def scale(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ``a`` and ``b``, float32 ``(C, 1, 1)``, of input = ``a`` × byte + ``b``."""
        std = torch.tensor(self.std, dtype=torch.float64)[:, None, None]
        mean = torch.tensor(self.mean, dtype=torch.float64)[:, None, None]
        return (1 / (255 * std)).float(), (-mean / std).float()

    def to_target(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the images behind network inputs, within [-1, 1]: an autoencoder's targets."""
        std = inputs.new_tensor(self.std)[:, None, None]
        mean = inputs.new_tensor(self.mean)[:, None, None]
        # Rounding may leave the range by one part in ten million.
        return torch.addcmul(2 * mean - 1, inputs, 2 * std).clamp_(-1, 1)


class Pixels(Protocol):
    """The images of a split."""

    @property
    def normalisation(self) -> Normalisation:
        """The map from bytes to inputs."""
        ...

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def select(self, indices: torch.Tensor) -> torch.Tensor:
        """Return normalised images, float32 ``(B, C, H, W)``, that the caller may change."""
        ...

    def to(self, device: torch.device | str) -> Pixels:
        """Return the same images, handed out on ``device``."""
        ...


class MemoryPixels:
    """Images held in memory.

    Small sets are converted to float32 once, at the first use, so that a batch is one gather.

    Args:
        images: uint8 ``(N, C, H, W)``.
        normalisation: The map to inputs.
        float_budget: Bytes of float32 up to which the set is converted once.

    Raises:
        InvalidArgumentError: If the images are of another type or shape.
    """

    def __init__(
        self,
        images: torch.Tensor,
        normalisation: Normalisation,
        *,
        float_budget: int = FLOAT_BUDGET,
    ) -> None:
        if images.dtype != torch.uint8 or images.ndim != 4:
            raise InvalidArgumentError(
                f"Images are {images.dtype} {tuple(images.shape)}; expected uint8 (N, C, H, W)."
            )
        self.images = images
        self.normalisation = normalisation
        self.float_budget = float_budget
        self._a, self._b = (part.to(images.device) for part in normalisation.scale())
        self._floats: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.images)

    def _convert(self, images: torch.Tensor) -> torch.Tensor:
        return images.float().mul_(self._a).add_(self._b)

    def select(self, indices: torch.Tensor) -> torch.Tensor:
        """Return normalised images, float32 ``(B, C, H, W)``, that the caller may change."""
        indices = indices.to(self.images.device)
        if self._floats is None and 4 * self.images.numel() <= self.float_budget:
            self._floats = self._convert(self.images)
        if self._floats is not None:
            return self._floats.index_select(0, indices)
        return self._convert(self.images.index_select(0, indices))

    def to(self, device: torch.device | str) -> MemoryPixels:
        """Return the same images held on ``device``."""
        if torch.device(device) == self.images.device:
            return self
        return MemoryPixels(
            self.images.to(device), self.normalisation, float_budget=self.float_budget
        )
