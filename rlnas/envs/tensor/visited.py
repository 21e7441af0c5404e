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
    index = index[:, None]
    word = index >> 5
    bit = (1 << (index & 31)).to(_WORD)
    visited.scatter_(1, word, visited.gather(1, word).bitwise_or_(bit))


def bit_places(index: Tensor) -> Tensor:
    """Return where to look for architectures ``(…, n)``: ``(…, 2, n)`` int32 words and bits."""
    index = index.long()
    return torch.stack([index >> 5, 1 << (index & 31)], dim=-2).to(_WORD)


def write_visited(visited: Tensor, places: Tensor, out: Tensor) -> None:
    """Write into ``out`` ``(rows, n)`` 1 where the set holds what lies at ``places``, else 0.

    Args:
        visited: The sets.
        places: ``(rows, 2, n)`` int32 from `bit_places`.
        out: Any numeric type.
    """
    word, bit = places.unbind(1)
    torch.ne(visited.gather(1, word.long()).bitwise_and_(bit), 0, out=out)
