"""Which order of operations and edges a file's tuples follow, by the parameters it states.

Two public files of one format number a space's operations differently: the tables of
TransNAS-Bench-101 by the official digits, what NASLib trained itself by NASLib's own list. Nothing
in a tuple tells them apart, but parameters or FLOPs beside it do: they grow with the kernels and
channels of the operations, so under the right order they are an affine function of our count, and
under another they have next to nothing to do with it (R² 1.000 against 0.01 on TransNAS micro).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rlnas.benchmarks.importers.naslib_encoding import ORDERS, TupleOrder, ordered
from rlnas.errors import DataError
from rlnas.spaces import Architecture, CellSpace, SearchSpace

LEAST_AGREEMENT = 0.99
"""R² of an affine fit above which numbers agree. Published numbers reach 0.993 (macro networks with
decoders) to 1.000; the right operations on the wrong edges of TransNAS micro 0.984."""
FEWEST = 12
"""Architectures below which a fit says nothing."""

_KERNELS = {"nor_conv_3x3": 9, "nor_conv_1x1": 1}
# The published skeletons as TransNAS's digits, two blocks each: 1 nothing, 2 doubles the channels,
# 3 halves the resolution, 4 both. Stages of NAS-Bench-201 multiply all edges alike.
_SKELETONS = {"transnas-micro": "41414", "nasbench-201": "1"}


def relative_counts(
    space: SearchSpace, architectures: Architecture
) -> dict[str, NDArray[np.float64]]:
    """Return counts that parameters and FLOPs of the published networks are affine functions of.

    They need no network: weights of convolutions alone, without stem, head and normalisation, in
    units of a first block's. `rlnas.networks.statistics_of_many` counts exactly.

    Args:
        space: TransNAS's two spaces or NAS-Bench-201.
        architectures: ``(N, num_positions)``.

    Returns:
        ``params`` and, for cells, ``flops``, each ``(N,)``; nothing for another space.
    """
    if space.name == "transnas-macro":
        return {"params": np.array([_macro(vector) for vector in architectures.tolist()])}
    if not isinstance(space, CellSpace) or space.name not in _SKELETONS:
        return {}
    table = np.zeros((2, space.num_positions, space.num_operations))
    for before, after, area, changes in _blocks(map(int, _SKELETONS[space.name])):
        for edge, (tail, _) in enumerate(space.positions.tolist()):
            first = tail == space.input_node
            weights = (before if first else after) * after
            for operation, name in enumerate(space.operations):
                # A skip that changes the shape is a pair of convolutions with half of the channels.
                shortcut = name == "skip_connect" and first and changes
                count = weights * (1 if shortcut else _KERNELS.get(name, 0))
                table[:, edge, operation] += (count, count * area)
    params, flops = table[:, np.arange(space.num_positions), architectures].sum(axis=2)
    return {"params": params, "flops": flops}


def _blocks(digits: Sequence[int] | map[int]) -> list[tuple[float, float, float, bool]]:
    """Return channels before and after, area after, and whether these change, of each block."""
    found, channels, area = [], 1.0, 1.0
    for digit in digits:
        before = channels
        channels *= 2 if digit in (2, 4) else 1
        area /= 4 if digit in (3, 4) else 1
        found += [(before, channels, area, digit != 1), (channels, channels, area, False)]
    return found


def _macro(vector: list[int]) -> float:
    return sum(
        9 * before * after + 9 * after**2 + before * after * changes
        for before, after, _, changes in _blocks([digit for digit in vector if digit])
    )


def agreement(counts: NDArray[np.float64], stated: NDArray[np.float64]) -> float | None:
    """Return R² of the affine fit of a file's numbers to counts; None if they are too few."""
    held = np.isfinite(stated)
    if held.sum() < FEWEST or np.ptp(stated[held]) == 0:
        return None
    if np.ptp(counts[held]) == 0:
        return 0.0
    return float(np.corrcoef(counts[held], stated[held])[0, 1] ** 2)


def choose_order(
    space: SearchSpace,
    digits: Architecture,
    stated: Mapping[str, Mapping[str, NDArray[np.float64]]],
) -> tuple[TupleOrder, str]:
    """Return the order under which the numbers in a file agree with our counts, and a note on it.

    Args:
        space: The search space.
        digits: ``(N, num_positions)``, the tuples as they stand in the file.
        stated: For each task, ``params`` and ``flops``, ``(N,)`` with NaN, where the file has
            them.

    Returns:
        The order, and how well it agrees; the first of `ORDERS` without a note where the file
        holds too little to tell.

    Raises:
        DataError: If the numbers agree under no order.
    """
    found: list[tuple[float, TupleOrder]] = []
    for order in ORDERS[space.name]:
        vectors = ordered(digits, order)
        counts = relative_counts(space, vectors)
        fits = [
            fit
            for numbers in stated.values()
            for name, values in numbers.items()
            if name in counts and (fit := agreement(counts[name], values)) is not None
        ]
        if not fits:
            return ORDERS[space.name][0], ""
        found.append((min(fits), order))
    best, order = max(found, key=lambda pair: pair[0])
    if best < LEAST_AGREEMENT:
        said = ", ".join(f"{order.name}: {fit:.3f}" for fit, order in found)
        raise DataError(
            f"The parameters or FLOPs in the file agree with those of {space.name} under no known "
            f"order of its operations (R² {said}; expected {LEAST_AGREEMENT} or more), so its "
            "tuples cannot be read safely. Convert them to official strings."
        )
    return order, (
        f"architectures read by {order.name}, by which the parameters or FLOPs in the file agree "
        f"with our counts (R² {best:.3f})"
    )
