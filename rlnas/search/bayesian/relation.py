"""A graph network that says which of two architectures is better, and a search by it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from rlnas.errors import InvalidArgumentError
from rlnas.search.base import Searcher
from rlnas.search.bayesian.candidates import Candidates
from rlnas.search.bayesian.surrogate import Floats
from rlnas.search.unseen import UnseenSampler
from rlnas.spaces import Architecture, CellSpace, SearchSpace
from rlnas.tasks import QueryLedger

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class RelationSearch(Searcher):
    """Query what a binary relation predictor puts first, and some at random.

    After Dudziak et al., "BRP-NAS: Prediction-based NAS using GCNs", NeurIPS 2020,
    arXiv 2007.08668, section 4: a graph convolutional network is trained on pairs of what was
    queried, to say which is better; half of the next queries are its first, half are drawn from its
    upper part, which is halved each time. Ours: the graph's nodes are operations; the network gives
    each architecture a number, and the difference of two is the logit of the relation, so that it
    is always an order; and it is smaller (the paper: 4 layers of 600).

    Attributes:
        step: Queries between two trainings, 2 or more.
        hidden: Units of a layer, 1 or more.
        layers: Graph convolutions, 1 or more.
        epochs: Steps of Adam over all pairs, 1 or more.
        pool: Random candidates where a space cannot be listed, 1 or more.
    """

    name = "brp"
    by_name = True

    step: int = 10
    hidden: int = 64
    layers: int = 3
    epochs: int = 100
    pool: int = 1000

    def __post_init__(self) -> None:
        for option, least in (
            ("step", 2),
            ("hidden", 1),
            ("layers", 1),
            ("epochs", 1),
            ("pool", 1),
        ):
            value = getattr(self, option)
            if value != int(value) or value < least:
                raise InvalidArgumentError(
                    f"{option} is {value}; expected an integer of {least} or more."
                )
            object.__setattr__(self, option, int(value))

    def options(self) -> Mapping[str, object]:
        """Return all options."""
        return asdict(self)

    def _search(self, ledger: QueryLedger, rng: np.random.Generator) -> None:
        sampler = UnseenSampler(ledger, rng)
        candidates = Candidates(ledger, rng, self.pool)
        rounds = 0
        while not ledger.exhausted:
            count = min(self.step, ledger.remaining)
            scores = ledger.scores()
            good = np.isfinite(scores)
            batch: list[Architecture] = []
            if good.sum() >= 2:
                rounds += 1
                open_ = candidates.open()
                if len(open_):
                    network = RelationNetwork(
                        ledger.space, rng, hidden=self.hidden, layers=self.layers
                    )
                    network.fit(ledger.vectors()[good], scores[good], self.epochs)
                    order = np.argsort(-network.predict(open_), kind="stable")
                    batch = self._pick(rng, candidates, open_[order], count, rounds)
            batch = batch or sampler.draw_many(count)
            if not batch:
                return
            ledger.query_many(batch)

    def _pick(
        self,
        rng: np.random.Generator,
        candidates: Candidates,
        ordered: Architecture,
        count: int,
        rounds: int,
    ) -> list[Architecture]:
        """Return the first of an order, and as many from its upper part."""
        picked: list[Architecture] = []
        while len(picked) < count and len(ordered):
            upper = max(count, len(ordered) >> rounds)
            place = 0 if 2 * len(picked) < count else int(rng.integers(min(upper, len(ordered))))
            picked.append(ordered[place])
            ordered = candidates.without(ordered, picked[-1])
        return picked


class RelationNetwork:
    """A graph convolutional network over the operations of an architecture.

    Args:
        space: The search space; operations of a cell are joined where one feeds the other, those of
            another space where they follow each other.
        rng: Source of the first weights.
        hidden: Units of a layer.
        layers: Graph convolutions.
    """

    def __init__(
        self, space: SearchSpace, rng: np.random.Generator, *, hidden: int, layers: int
    ) -> None:
        import torch

        self._operations = space.num_operations
        self._near = torch.tensor(_neighbourhood(space), dtype=torch.float32)
        sizes = [space.num_operations, *[hidden] * layers]
        shapes = [*itertools.pairwise(sizes), (hidden, 1)]
        self._weights = [
            torch.tensor(
                rng.normal(size=shape) * np.sqrt(2 / shape[0]), dtype=torch.float32
            ).requires_grad_()
            for shape in shapes
        ]

    def _numbers(self, vectors: Architecture) -> torch.Tensor:
        import torch

        hot = np.asarray(vectors)[:, :, None] == np.arange(self._operations)
        state = torch.tensor(hot, dtype=torch.float32)
        for weight in self._weights[:-1]:
            state = torch.relu(self._near @ state @ weight)
        return (state.mean(dim=1) @ self._weights[-1])[:, 0]

    def fit(self, vectors: Architecture, scores: Floats, epochs: int) -> None:
        """Learn which of each two is better ``(T, num_positions)``, ``(T,)``."""
        import torch

        better, worse = np.nonzero(scores[:, None] > scores)
        if not len(better):
            return
        first, second = torch.tensor(better), torch.tensor(worse)
        optimiser = torch.optim.Adam(self._weights, lr=5e-3, weight_decay=5e-4)
        for _ in range(epochs):
            numbers = self._numbers(vectors)
            loss = torch.nn.functional.softplus(numbers[second] - numbers[first]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()

    def predict(self, vectors: Architecture) -> Floats:
        """Return numbers ``(n,)`` in the order of the predicted relation."""
        import torch

        with torch.no_grad():
            parts = [self._numbers(vectors[i : i + 4096]) for i in range(0, len(vectors), 4096)]
            return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)


def _neighbourhood(space: SearchSpace) -> Floats:
    """Return the mean over each operation and those it is joined to ``(positions, positions)``."""
    near = np.eye(space.num_positions)
    if isinstance(space, CellSpace):
        edges = space.positions
        near += edges[:, None, 1] == edges[None, :, 0]
    else:
        near += np.eye(space.num_positions, k=1)
    near = np.maximum(near, near.T)
    return np.asarray(near / near.sum(axis=1, keepdims=True))
