"""When frozen parts of a network thaw."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping

from rlnas.agents.engine.learning_rates import covering
from rlnas.errors import InvalidArgumentError, UnknownNameError
from rlnas.transfer.weights.carry import PARTS

Thaw = Mapping[str, int | None]
"""Number of the update at which each part thaws, by the name of the part, a module or a tensor;
None for never."""


def thawing_updates(names: Iterable[str], thaw: Thaw) -> dict[str, int | None]:
    """Return the update from which on each tensor learns.

    Args:
        names: Names of tensors.
        thaw: When parts thaw; the longest name that covers a tensor counts. What has none learns
            from the first update, 0, on.

    Raises:
        UnknownNameError: If a name covers no tensor.
        InvalidArgumentError: If an update is negative.
    """
    names = list(names)
    updates: dict[str, int | None] = {}
    for part, when in thaw.items():
        if when is not None and when < 0:
            raise InvalidArgumentError(f"{part!r} thaws at update {when}; expected 0 or more.")
        modules = PARTS.get(part, (part,))
        if all(covering(name, modules) is None for name in names):
            raise UnknownNameError("part of a controller", part, [*PARTS, *names])
        updates |= dict.fromkeys(modules, when)
    covers = {name: covering(name, updates) for name in names}
    return {name: 0 if cover is None else updates[cover] for name, cover in covers.items()}


class ThawingRates:
    """Multipliers of the learning rate: 0 until a tensor thaws, its own from then on.

    Args:
        multipliers: By name of tensor, once it learns.
        learns_from: Number of the update at which it thaws, by name; None for never.
    """

    def __init__(
        self, multipliers: Mapping[str, float], learns_from: Mapping[str, int | None]
    ) -> None:
        self._multipliers = multipliers
        self._learns_from = learns_from
        self._changes = sorted({when for when in learns_from.values() if when})
        self._rates: dict[int, dict[str, float]] = {}

    def __call__(self, update: int) -> Mapping[str, float]:
        """Return the multipliers at an update by name; see `LearnerHooks.rates`."""
        thawed = bisect.bisect_right(self._changes, update)
        if thawed not in self._rates:
            self._rates[thawed] = {
                name: 0.0 if when is None or update < when else self._multipliers[name]
                for name, when in self._learns_from.items()
            }
        return self._rates[thawed]


def gradual_unfreezing(names: Iterable[str], every: int) -> dict[str, int | None]:
    """Return a schedule that thaws one layer after the other, from the output back to the input.

    The heads learn from the start, the encoders' last layer from update ``every`` on, the one
    before it from ``2 · every`` on, and so forth (Howard & Ruder 2018, arXiv 1801.06146, section
    3.3). What embeds the inputs of a transformer is its first layer; its last normalisation belongs
    to the last one.

    Args:
        names: Names of tensors.
        every: Updates between two layers, 0 or more.

    Raises:
        InvalidArgumentError: If ``every`` is negative.
    """
    if every < 0:
        raise InvalidArgumentError(f"Layers thaw every {every} updates; expected 0 or more.")
    depths = {name: _depth(name) for name in names}
    numbers = {depth for depth in depths.values() if depth is not None and depth != _LAST}
    top = max(numbers, default=0)
    order = {depth: place for place, depth in enumerate(sorted(numbers | {top}, reverse=True), 1)}
    return {
        name: 0 if depth is None else every * order[min(depth, top)]
        for name, depth in depths.items()
    }


_FIRST, _LAST = -1, 1_000_000
"""Stand for the embeddings and the final normalisation, which have no number."""


def _depth(name: str) -> int | None:
    """Return the number of the layer in its encoder; None for a tensor of a head."""
    modules = name.split(".")
    if not modules[0].endswith("encoder"):
        return None
    numbers = [int(module) for module in modules if module.isdigit()]
    if numbers:
        return numbers[0]
    return _LAST if "norm" in modules else _FIRST
