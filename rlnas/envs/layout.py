"""Where each part of a flat observation lies, so that a policy can find it in any space."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

NUM_SCALARS = 5


@dataclass(frozen=True)
class ObservationLayout:
    """Slices of an observation vector.

    Blocks over edits have shape (positions, operations) when unflattened. A block that the
    observation does not hold has length 0.

    Attributes:
        positions: Number of positions ``P`` of the space.
        operations: Number of operations ``C`` of the space.
        actions: Number of actions of the environment.
        history: Whether the two history blocks are present.
    """

    positions: int
    operations: int
    actions: int
    history: bool

    @cached_property
    def grid(self) -> int:
        """Length of a block over edits, ``P × C``."""
        return self.positions * self.operations

    @cached_property
    def current(self) -> slice:
        """One-hot operation at each position; a row of zeros is a position not chosen yet."""
        return slice(0, self.grid)

    @cached_property
    def mask(self) -> slice:
        """1 where an action is legal."""
        return slice(self.grid, self.grid + self.actions)

    @cached_property
    def scalars(self) -> slice:
        """Five numbers; see the environment's observation."""
        start = self.mask.stop
        return slice(start, start + NUM_SCALARS)

    @cached_property
    def seen(self) -> slice:
        """1 where the architecture after an edit was evaluated before in the episode."""
        start = self.scalars.stop
        return slice(start, start + self.grid * self.history)

    @cached_property
    def gain(self) -> slice:
        """Sign of the score's change by that edit, where it was seen."""
        start = self.seen.stop
        return slice(start, start + self.grid * self.history)

    @cached_property
    def size(self) -> int:
        """Length of the whole observation."""
        return int(self.gain.stop)
