"""What an episode has visited: a bit for each architecture of the space."""

from __future__ import annotations

import torch
from torch import Tensor

_BITS = 32
_WORD = torch.int32


def empty_visited(rows: int, size: int, device: torch.device | str = "cpu") -> Tensor:
    """Return ``(rows, words)`` int32 bit sets over ``size`` architectures and one that is none.

    The one that is none, number ``size``, stands for what an illegal edit leads to; it is never
    added.
    """
    return torch.zeros(rows, size // _BITS + 1, dtype=_WORD, device=device)


def add_visited(visited: Tensor, index: Tensor) -> None:
    """Add one architecture ``(rows,)`` int64 to each set, in place."""
    word = (index >> 5)[:, None]
    bit = (torch.ones_like(index, dtype=_WORD) << (index & 31).to(_WORD))[:, None]
    visited.scatter_(1, word, visited.gather(1, word) | bit)


def is_visited(visited: Tensor, index: Tensor) -> Tensor:
    """Return 0 or 1 ``(rows, n)`` int32: which of ``index`` ``(rows, n)`` int32 are in the set."""
    words = visited.gather(1, (index >> 5).long())
    return (words >> (index & 31)) & 1
