"""How much a trained network's score depends on chance: seeds, rows, noise on inputs or weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.datasets.task_data import Split, TaskData
from rlnas.errors import InvalidArgumentError
from rlnas.plain import whole
from rlnas.seeding import generator, torch_generator
from rlnas.training.metrics import EVALUATION_BATCH, Meter
from rlnas.training.recipe import Recipe
from rlnas.training.single import train_network

Where = Literal["inputs", "weights"]
What = Literal["seeds", "rows"]


@dataclass(frozen=True)
class Stability:
    """A metric under repeated chance.

    Attributes:
        values: The raw metric of each repetition.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Their standard deviation, with n − 1; NaN of one value."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else math.nan


@torch.no_grad()
def measure(network: nn.Module, split: Split, spec: TaskSpec) -> float:
    """Return a network's raw metric on a split, in evaluation mode."""
    network.eval()
    meter = Meter(spec)
    for indices in torch.split(torch.arange(len(split)), EVALUATION_BATCH):
        inputs, targets = split.batch(indices)
        meter.update(network(inputs), targets)
    return meter.values()["metric"]


@torch.no_grad()
def under_noise(
    network: nn.Module,
    split: Split,
    spec: TaskSpec,
    *,
    on: Where,
    scale: float = 0.1,
    repeats: int = 10,
    seed: int = 0,
) -> Stability:
    """Return a trained network's metric with Gaussian noise on its inputs or its weights.

    Args:
        network: The network; it comes back as it was.
        split: The examples.
        spec: The task.
        on: ``inputs``: noise of the standard deviation ``scale``, in units of the standardised
            inputs; ``weights``: each parameter times 1 + ``scale`` ε.
        scale: See above, 0 or more.
        repeats: Draws, 1 or more.
        seed: Of the noise.

    Raises:
        InvalidArgumentError: If an argument is outside its range.
    """
    if on not in ("inputs", "weights") or not 0 <= scale < math.inf:
        raise InvalidArgumentError(
            f"on={on!r}, scale={scale}; expected 'inputs' or 'weights', and 0 or more."
        )
    found = []
    for repeat in range(whole(repeats, "repeats", 1)):
        stream = torch_generator(seed, "stability", on, repeat)
        if on == "inputs":
            found.append(measure(network, _Noisy(split, scale, stream), spec))
            continue
        shaken = copy.deepcopy(network)
        for parameter in shaken.parameters():
            noise = torch.randn(parameter.shape, generator=stream).to(parameter.device)
            parameter.mul_(1 + scale * noise)
        found.append(measure(shaken, split, spec))
    return Stability(tuple(found))


def trained_again(
    build: Callable[[int], nn.Module],
    data: TaskData,
    recipe: Recipe,
    *,
    over: What,
    repeats: int = 5,
    seed: int = 0,
    device: str = "auto",
) -> Stability:
    """Return the test metric of repeated trainings. For reports; no search may read it.

    Args:
        build: Makes the network with the first weights of a seed.
        data: The data.
        recipe: How it is trained.
        over: ``seeds``: other first weights and orders of the examples; ``rows``: training examples
            drawn with replacement, as many as there are (a bootstrap), with the same seed.
        repeats: Trainings, 1 or more.
        seed: First seed.
        device: Where to train.

    Raises:
        InvalidArgumentError: If an argument is outside its range.
        DivergedError: If a training diverges.
    """
    if over not in ("seeds", "rows"):
        raise InvalidArgumentError(f"over is {over!r}; expected 'seeds' or 'rows'.")
    found = []
    for repeat in range(whole(repeats, "repeats", 1)):
        own, used = seed, data
        if over == "seeds":
            own = seed + repeat
        else:
            rng = generator(seed, "stability", over, repeat)
            drawn = torch.from_numpy(rng.integers(len(data.train), size=len(data.train)))
            used = replace(data, train=_Drawn(data.train, drawn))
        network = build(own)
        train_network(network, used, recipe, seed=own, device=device, train_metrics=False)
        found.append(measure(network, data.test, data.spec))
    return Stability(tuple(found))


class _Noisy:
    """A split whose inputs are noisy."""

    def __init__(self, split: Split, scale: float, stream: torch.Generator) -> None:
        self._split, self._scale, self._stream = split, scale, stream

    def __len__(self) -> int:
        return len(self._split)

    def batch(
        self, indices: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        inputs, targets = self._split.batch(indices, generator)
        noise = torch.randn(inputs.shape, generator=self._stream).to(inputs.device)
        return inputs + self._scale * noise, targets

    def to(self, device: torch.device | str) -> _Noisy:
        return _Noisy(self._split.to(device), self._scale, self._stream)


class _Drawn:
    """Examples of a split, some of them several times."""

    def __init__(self, split: Split, drawn: Tensor) -> None:
        self._split, self._drawn = split, drawn

    def __len__(self) -> int:
        return len(self._drawn)

    def batch(
        self, indices: Tensor, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        return self._split.batch(self._drawn[indices], generator)

    def to(self, device: torch.device | str) -> _Drawn:
        return _Drawn(self._split.to(device), self._drawn)
