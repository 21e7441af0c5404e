"""Which examples go where: splits by class without leaks, and parts of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator

T = TypeVar("T")


def stratified_split(
    labels: ArrayLike, groups: ArrayLike, shares: Mapping[str, float], *, seed: int
) -> dict[str, NDArray[np.int64]]:
    """Return the examples of each split, drawn class by class.

    Within a class its groups are put in a random order, and each goes whole to the split that is
    farthest below its share. So the counts of a class differ from the shares by about its largest
    group, and every split has at least one group of a class with as many groups. A group with
    members of several classes counts as one of its first member's class.

    Args:
        labels: ``(N,)`` integers, the class of each example.
        groups: ``(N,)`` integers, equal for examples that must stay together, e.g. equal files.
        shares: The share of each split, adding up to 1.
        seed: Seed of the draw.

    Returns:
        For each split the numbers of its examples, int64, ascending.
    """
    groups = np.asarray(groups)
    _, first, inverse = np.unique(groups, return_index=True, return_inverse=True)
    labels = np.asarray(labels)[first][inverse]
    names = list(shares)
    rng = generator(seed, "split")
    found: dict[str, list[int]] = {name: [] for name in names}
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        order = rng.permutation(np.unique(groups[members]))
        counts = dict.fromkeys(names, 0)
        for number, group in enumerate(order):
            together = members[groups[members] == group]
            # The first groups serve every split once, so that none lacks the class.
            empty = [name for name in names if not counts[name]]
            scarce = len(order) - number <= len(empty)
            pool = empty if scarce and empty else names
            done = sum(counts.values()) + len(together)
            name = max(pool, key=lambda name: shares[name] * done - counts[name])
            counts[name] += len(together)
            found[name].extend(together.tolist())
    return {name: np.array(sorted(chosen), dtype=np.int64) for name, chosen in found.items()}


def draw(
    examples: Sequence[T], size: int | None, *, seed: int, split: str, dataset: str
) -> list[T]:
    """Return examples of a split in a random order, all or ``size`` of them.

    The result with a larger ``size`` begins with the smaller one.

    Args:
        examples: The examples of the split.
        size: How many, or None for all.
        seed: Seed of the order.
        split: Name of the split.
        dataset: Name of the data set, for messages.

    Raises:
        InvalidArgumentError: If the split holds fewer than asked for.
    """
    if size is not None and size > len(examples):
        raise InvalidArgumentError(
            f"{split}_size is {size}; the split {split!r} of {dataset} has {len(examples)} "
            f"examples. Ask for {len(examples)} or fewer, or None for all."
        )
    order = generator(seed, "order", split).permutation(len(examples))
    return [examples[i] for i in order[:size]]
