"""Random architectures that a search has not paid for yet."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from rlnas.spaces import Architecture
from rlnas.tasks import QueryLedger

_PATIENCE = 10_000


class UnseenSampler:
    """Draws architectures uniformly among those that would cost a query.

    An indexable space is walked in one random order, so that the draw ends exactly when everything
    is known. In a larger space architectures are drawn until a new one comes; after 10,000 known
    ones in a row, which only happens where nearly all is known or equivalent, the draw ends too.

    Args:
        ledger: What has been queried, also by others than this sampler.
        rng: Source of randomness.
    """

    def __init__(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        self._ledger = ledger
        self._rng = rng
        space = ledger.space
        self._order = rng.permutation(space.size) if space.indexable else None
        self._next = 0
        self._failed = 0  # draws in a row from a larger space that were known

    def draw(self) -> Architecture | None:
        """Return an unseen architecture ``(num_positions,)``, or None when there is none left."""
        drawn = self.draw_many(1)
        return drawn[0] if drawn else None

    def draw_many(self, count: int) -> list[Architecture]:
        """Return up to ``count`` unseen architectures, each a query of its own.

        They are those that single draws would bring if each were queried before the next.
        """
        drawn: dict[Hashable, Architecture] = {}
        space = self._ledger.space
        if self._order is None:
            while len(drawn) < count and self._failed < _PATIENCE:
                new = self._add(space.sample(1, self._rng)[0], drawn)
                self._failed = 0 if new else self._failed + 1
            return list(drawn.values())
        for place in range(self._next, len(self._order)):
            if len(drawn) == count:
                break
            candidate = space.from_index(self._order[place : place + 1])[0]
            if not self._add(candidate, drawn) and place == self._next:
                self._next += 1
        return list(drawn.values())

    def _add(self, candidate: Architecture, drawn: dict[Hashable, Architecture]) -> bool:
        """Add an architecture to the drawn ones if it is new, and return whether it is."""
        if self._ledger.seen(candidate) is not None:
            return False
        return drawn.setdefault(self._ledger.key(candidate), candidate) is candidate
