"""Random generators as instances, derived from one seed and a path of names.

``generator(seed, "search", "jigsaw")`` gives a stream that is independent of every other path, so
adding a consumer of randomness never shifts another one's stream.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from rlnas.plain import whole

if TYPE_CHECKING:
    import torch


def derive_seed(seed: int, *path: str | int) -> int:
    """Return a 63-bit seed for the consumer named by ``path``.

    Args:
        seed: The seed the user gave; any non-negative integer.
        path: Names or numbers that identify the consumer.

    Raises:
        InvalidArgumentError: If the seed is no integer of 0 or more.
    """
    text = "/".join([str(whole(seed, "seed")), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return the NumPy generator of the consumer named by ``path``."""
    return np.random.default_rng(derive_seed(seed, *path))


def torch_generator(seed: int, *path: str | int, device: str = "cpu") -> torch.Generator:
    """Return the PyTorch generator of the consumer named by ``path`` on ``device``."""
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(seed, *path))
