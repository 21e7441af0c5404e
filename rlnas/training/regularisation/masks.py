"""Which neurons of a trained network can go: a genetic search over masks, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rlnas.datasets.task_data import Split
from rlnas.errors import InvalidArgumentError
from rlnas.networks.cutting import mask_units
from rlnas.networks.dense import DenseNetwork
from rlnas.plain import whole
from rlnas.search.genetic import one_point, rank_chances
from rlnas.seeding import generator
from rlnas.training.losses import task_loss

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class NeuronMasks:
    """What a search over masks found.

    Attributes:
        masks: For each layer which units are taken out, bool ``(width,)``.
        loss: Loss on the examples of the search with them.
        loss_before: The same with all units.
        evaluations: Networks that were evaluated; none was trained.
        history: Best loss of each generation, layer after layer.
    """

    masks: dict[str, Tensor]
    loss: float
    loss_before: float
    evaluations: int
    history: tuple[float, ...] = field(repr=False, default=())

    @property
    def removed(self) -> int:
        """Number of units that are taken out."""
        return sum(int(mask.sum()) for mask in self.masks.values())


@torch.no_grad()
def search_masks(
    network: DenseNetwork,
    split: Split,
    *,
    population: int = 20,
    generations: int = 10,
    elite: int = 1,
    mutations: int = 3,
    size_weight: float = 0.0,
    start: float = 0.5,
    seed: int = 0,
) -> NeuronMasks:
    """Search masks of neurons by a genetic algorithm, from the first layer to the last.

    Source: Potanin & Strijov's predecessor of arXiv 2406.12992 (`GeneticOpt.py`): bits start as
    coin flips, masks of earlier layers stay, nothing is trained in between, and nothing rewards a
    small network but the coin flips. Otherwise than there the best member survives (so the mask is
    never worse than what was seen), children mutate at distinct positions of their own, parents are
    drawn by rank, and a term for the size can be added. Give the result to
    `rlnas.networks.cutting.mask_units` and cut the network.

    Args:
        network: A trained network; it comes back as it was.
        split: The examples by which masks are judged: validation, never test.
        population: Masks of a generation, 2 or more.
        generations: Generations of each layer, 1 or more.
        elite: Best masks that survive, 1 or more so that none is lost.
        mutations: Most bits of a child that flip.
        size_weight: Loss that a network may lose for being rid of all units of a layer, 0 or more.
        start: Chance of a unit to be out in the first generation, 0…1.
        seed: The seed.

    Raises:
        InvalidArgumentError: If an argument is outside its range.
    """
    whole(population, "population", 2)
    whole(generations, "generations", 1)
    whole(elite, "elite", 1)
    whole(mutations, "mutations", 0)
    if elite >= population or not 0 <= start <= 1 or not size_weight >= 0:
        raise InvalidArgumentError(
            f"elite={elite}, start={start}, size_weight={size_weight}; expected elite below the "
            f"population of {population}, start from 0 to 1, size_weight of 0 or more."
        )
    rng = generator(seed, "regularisation", "masks")
    search = _MaskSearch(network, split)
    before = search.loss()
    history: list[float] = []
    for step in network.steps:
        if not step.dense:
            continue
        layer, width = f"layer-{step.value}", step.width
        members = rng.random((population, width)) < start
        members[0] = False  # what is there is a candidate too
        losses = search.losses(layer, members)
        for _ in range(generations):
            worth = -losses + size_weight * members.mean(axis=1)
            order = np.argsort(-worth, kind="stable")
            history.append(float(losses[order[0]]))
            children: list[Bits] = []
            chances = rank_chances(worth)
            while len(children) < population - elite:
                pair = members[rng.choice(population, 2, p=chances)]
                for child in one_point(pair, rng):
                    flips = rng.choice(width, min(int(rng.integers(mutations + 1)), width), False)
                    child[flips] = ~child[flips].astype(bool)
                    children.append(child.astype(bool))
            children = children[: population - elite]
            born = np.array(children, dtype=np.bool_)
            kept = order[:elite]
            members = np.concatenate([members[kept], born])
            losses = np.concatenate([losses[kept], search.losses(layer, born)])
        worth = -losses + size_weight * members.mean(axis=1)
        best = members[int(np.argmax(worth))]
        search.keep(layer, best)
    return NeuronMasks(search.masks, search.loss(), before, search.evaluations, tuple(history))


class _MaskSearch:
    """Networks with masks, judged by their loss."""

    def __init__(self, network: DenseNetwork, split: Split) -> None:
        self._network = network.eval()
        self._before = {name: value.clone() for name, value in network.state_dict().items()}
        self._inputs, self._targets = split.batch(torch.arange(len(split)))
        self.masks: dict[str, Tensor] = {}
        self.evaluations = 0

    def keep(self, layer: str, mask: Bits) -> None:
        """Take a mask for good."""
        self.masks[layer] = torch.from_numpy(mask.copy())

    def loss(self, **more: Tensor) -> float:
        """Return the loss with the masks so far, and more; the network comes back as it was."""
        self.evaluations += 1
        mask_units(self._network, {**self.masks, **more})
        outputs = self._network(self._inputs)
        found = float(task_loss(self._network.spec.kind, outputs, self._targets))
        self._network.load_state_dict(self._before)
        return found

    def losses(self, layer: str, members: Bits) -> NDArray[np.float64]:
        """Return the loss of each mask ``(n, width)`` of a layer."""
        masks = [torch.from_numpy(member.copy()) for member in members]
        return np.array([self.loss(**{layer: mask}) for mask in masks])
