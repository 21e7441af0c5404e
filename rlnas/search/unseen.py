"""Random architectures that a search has not paid for yet."""

from __future__ import annotations

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

    def draw(self) -> Architecture | None:
        """Return an unseen architecture ``(num_positions,)``, or None when there is none left."""
        space = self._ledger.space
        if self._order is None:
            for _ in range(_PATIENCE):
                candidate: Architecture = space.sample(1, self._rng)[0]
                if self._ledger.seen(candidate) is None:
                    return candidate
            return None
        while self._next < len(self._order):
            candidate = space.from_index(self._order[self._next : self._next + 1])[0]
            if self._ledger.seen(candidate) is None:
                return candidate
            self._next += 1
        return None
