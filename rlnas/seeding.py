"""Random generators as instances, derived from one seed and a path of names.

``generator(seed, "search", "jigsaw")`` gives a stream that is independent of every other path, so
adding a consumer of randomness never shifts another one's stream.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from rlnas.errors import InvalidArgumentError

if TYPE_CHECKING:
    import torch


def checked_seed(seed: object, name: str = "seed") -> int:
    """Return a seed as Python's own integer.

    Raises:
        InvalidArgumentError: If it is no integer of 0 or more; None and truth values are none.
    """
    if isinstance(seed, np.ndarray) and not seed.shape:
        seed = seed[()]
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or seed < 0:
        raise InvalidArgumentError(
            f"{name} is {str(seed)[:100]} ({type(seed).__name__}); expected an integer, 0 or more."
        )
    return int(seed)


def derive_seed(seed: int, *path: str | int) -> int:
    """Return a 63-bit seed for the consumer named by ``path``.

    Args:
        seed: The seed the user gave; any non-negative integer.
        path: Names or numbers that identify the consumer.

    Raises:
        InvalidArgumentError: If the seed is no integer of 0 or more.
    """
    text = "/".join([str(checked_seed(seed)), *map(str, path)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return the NumPy generator of the consumer named by ``path``."""
    return np.random.default_rng(derive_seed(seed, *path))


def torch_generator(seed: int, *path: str | int, device: str = "cpu") -> torch.Generator:
    """Return the PyTorch generator of the consumer named by ``path`` on ``device``."""
    import torch

    return torch.Generator(device=device).manual_seed(derive_seed(seed, *path))
