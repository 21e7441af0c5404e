"""What an episode has visited: a bit for each architecture, or in a large space a short list.

A bit set answers in a few operations, but grows with the space. A list of what was visited grows
with the horizon, and every question is compared with all of it.
"""

from __future__ import annotations

import torch
from torch import Tensor

BIT_LIMIT = 2**16
"""Spaces up to so many architectures have bit sets, of at most 8 KiB an episode."""

_BITS = 32
_WORD = torch.int32


class BitSets:
    """Bit sets over the architectures of a space.

    Args:
        size: Number of architectures.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def begin(self, starts: Tensor) -> Tensor:
        """Return sets of one architecture each, ``(rows,)`` int64."""
        visited = empty_visited(len(starts), self.size, starts.device)
        add_visited(visited, starts)
        return visited

    def add(self, visited: Tensor, index: Tensor, steps: Tensor) -> None:
        """Add one architecture ``(rows,)`` int64, visited after ``steps`` steps, in place."""
        add_visited(visited, index)

    def restart(self, visited: Tensor, ended: Tensor, index: Tensor) -> Tensor:
        """Return sets that hold ``index`` alone where the episode has ended."""
        cleared = torch.where(ended[:, None], 0, visited)
        add_visited(cleared, index)  # the others stand where they have been
        return cleared

    def write(self, visited: Tensor, places: Tensor, out: Tensor) -> None:
        """Write 1 where an architecture was visited, else 0; see `write_visited`."""
        write_visited(visited, places, out)


class ShortLists:
    """Lists of the architectures visited, −1 where nothing is.

    Args:
        length: Most architectures an episode visits.
    """

    def __init__(self, length: int) -> None:
        self.length = length

    def begin(self, starts: Tensor) -> Tensor:
        """See `BitSets.begin`."""
        shape = (len(starts), self.length)
        visited = torch.full(shape, -1, dtype=_WORD, device=starts.device)
        visited[:, 0] = starts
        return visited

    def add(self, visited: Tensor, index: Tensor, steps: Tensor) -> None:
        """See `BitSets.add`."""
        visited.scatter_(1, steps[:, None], index[:, None].to(_WORD))

    def restart(self, visited: Tensor, ended: Tensor, index: Tensor) -> Tensor:
        """See `BitSets.restart`."""
        cleared = torch.where(ended[:, None], -1, visited)
        cleared[:, 0] = torch.where(ended, index.to(_WORD), cleared[:, 0])
        return cleared

    def write(self, visited: Tensor, places: Tensor, out: Tensor) -> None:
        """See `BitSets.write`; ``places`` are ``(rows, 1, n)`` int32 architectures."""
        out.copy_((places.transpose(1, 2) == visited[:, None]).any(2))


def places_of(index: Tensor, size: int) -> Tensor:
    """Return where to look for architectures ``(…, n)`` of a space of ``size``."""
    return bit_places(index) if size <= BIT_LIMIT else index[..., None, :].to(_WORD)


def bytes_of_an_episode(size: int, length: int) -> int:
    """Return the bytes that one episode's visited architectures take."""
    return 4 * (size // _BITS + 1 if size <= BIT_LIMIT else length)


def visited_sets(size: int, length: int) -> BitSets | ShortLists:
    """Return how to keep what is visited in a space of ``size``, at most ``length`` an episode."""
    return BitSets(size) if size <= BIT_LIMIT else ShortLists(length)


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
