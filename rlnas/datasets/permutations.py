"""Sets of permutations of jigsaw tiles that differ from each other in as many places as can be."""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

TILES = 9
_ALL = 362_880  # 9!


@functools.lru_cache(maxsize=8)
def permutation_set(count: int, *, seed: int = 0) -> NDArray[np.int64]:
    """Return permutations of nine tiles, far from each other in Hamming distance.

    Greedy, after Algorithm 1 of Noroozi & Favaro 2016 (arXiv 1603.09246): begin with a permutation
    drawn at random, then always take the one that is farthest from those taken. They compare the
    mean distance; here the smallest distance comes first and the mean decides among equals, so no
    two permutations are alike in more places than they need to be. The set that TransNAS-Bench-101
    used is a file of the same kind with 1000 rows; ours of 1000 is not that file.

    Args:
        count: Number of permutations, 2…362880 (a few thousand take seconds).
        seed: Seed of the first permutation and of the order among equals.

    Returns:
        Read-only int64 ``(count, 9)``: row ``r`` shows at place ``n`` the tile ``r[n]``. The
        result with a larger ``count`` begins with the smaller one.

    Raises:
        InvalidArgumentError: If the count is outside its range.
    """
    if not 2 <= count <= _ALL:
        raise InvalidArgumentError(f"permutations is {count}; expected 2…{_ALL}.")
    rng = generator(seed, "jigsaw", "permutations")
    numbers = itertools.chain.from_iterable(itertools.permutations(range(TILES)))
    everything = np.fromiter(numbers, dtype=np.int8, count=_ALL * TILES).reshape(_ALL, TILES)
    # A row a place: each comparison then runs over contiguous bytes.
    columns = np.ascontiguousarray(everything[rng.permutation(_ALL)].T)
    smallest = np.full(_ALL, TILES, dtype=np.int32)
    total = np.zeros(_ALL, dtype=np.int32)
    chosen = [0]
    for _ in range(count - 1):
        newest = chosen[-1]
        distance = np.zeros(_ALL, dtype=np.int8)
        for column in columns:
            distance += column != column[newest]
        np.minimum(smallest, distance, out=smallest)
        total += distance
        chosen.append(int(np.argmax(smallest * (TILES * count + 1) + total)))
    found: NDArray[np.int64] = columns[:, chosen].T.astype(np.int64)
    found.setflags(write=False)
    return found
