"""Dense networks for the rows of a table, from the architectures of a dense space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.config import SkeletonConfig
from rlnas.networks.initialisation import initialise
from rlnas.networks.network import SearchedNetwork, TaskNetwork, build_network
from rlnas.spaces import DenseSpace, ScheduleSpace, SearchSpace, get_space

ACTIVATION_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "gelu": functional.gelu,
}
"""What follows a layer, by its name in a space; ``linear`` is nothing."""


Moves = tuple[tuple[int, int], ...]
"""Which unit of one value goes to which unit of another, where they have lost some."""


@dataclass(frozen=True)
class DenseSkip:
    """A value that is added to another.

    Attributes:
        value: Number of the value.
        width: Its width.
        projected: Whether a linear projection brings it to the other's width.
        moves: Unless it is projected: which unit is added to which, or None for each to its own.
    """

    value: int
    width: int
    projected: bool
    moves: Moves | None = None


@dataclass(frozen=True)
class DenseStep:
    """How one value of a dense network comes from those before it; value 0 is the input.

    Attributes:
        value: Number of the value that it gives, the place of its layer from 1.
        source: Number of the value that the layer transforms.
        width_in: Its width.
        width: Width of what the layer gives.
        dense: Whether the layer is one; else it is the identity.
        activation: What follows it.
        skips: The values that are added.
        moves: Of an identity: which unit of the source is which, or None for each its own.
        shifted: Whether a constant is added too, what units that were cut out gave.
    """

    value: int
    source: int
    width_in: int
    width: int
    dense: bool
    activation: str
    skips: tuple[DenseSkip, ...]
    moves: Moves | None = None
    shifted: bool = False

    @property
    def parameters(self) -> int:
        """Number of its weights and biases."""
        own = (self.width_in + 1) * self.width if self.dense else 0
        shift = self.width if self.shifted else 0
        return own + shift + sum(skip.width * self.width for skip in self.skips if skip.projected)

    @property
    def macs(self) -> int:
        """Number of multiply-accumulates on one row."""
        own = self.width_in * self.width if self.dense else 0
        return own + sum(skip.width * self.width for skip in self.skips if skip.projected)


def dense_steps(space: DenseSpace, architecture: ArrayLike, features: int) -> list[DenseStep]:
    """Return the steps of a network; layers that do nothing are left out.

    Args:
        space: The space.
        architecture: One encoded architecture of it.
        features: Width of the input.
    """
    named = [(0, features)]  # number and width of each value; an empty layer repeats the one before
    steps = []
    for place, layer in enumerate(space.dense_layers(architecture), start=1):
        source, width_in = named[-1]
        if layer.width is None and not layer.skips:
            named.append((source, width_in))
            continue
        width = width_in if layer.width is None else layer.width
        skips = tuple(
            DenseSkip(value, wide, projected=wide != width)
            for value, wide in (named[place - back] for back in layer.skips)
        )
        dense = layer.width is not None
        steps.append(DenseStep(place, source, width_in, width, dense, layer.activation, skips))
        named.append((place, width))
    return steps


class DenseNetwork(TaskNetwork):
    """A stack of dense layers with skips, and a linear layer to the output.

    Make one with `build_dense_network`, which also gives it its first weights.

    Args:
        space: A dense space.
        architecture: One encoded architecture of it.
        spec: The task, of a table.
        steps: The steps where they are not the architecture's own, but what `cut_network` left.

    Attributes:
        steps: How each value comes from those before it. The layer of value V is the module
            ``dense_V``, the projection of value W on the way to it ``skip_V_W``, the constant that
            is added ``shift_V``.
        head: From the last value to the output.

    Raises:
        InvalidArgumentError: If the task is none of a table.
    """

    def __init__(
        self,
        space: DenseSpace,
        architecture: ArrayLike,
        spec: TaskSpec,
        steps: Sequence[DenseStep] | None = None,
    ) -> None:
        super().__init__(space, architecture, spec, SkeletonConfig())
        if not spec.features:
            raise InvalidArgumentError(
                f"Networks of {space.name} take rows of a table; the task {spec.name!r} has images."
            )
        own = dense_steps(space, architecture, spec.features) if steps is None else steps
        self.steps: list[DenseStep] = list(own)
        width = spec.features
        for step in self.steps:
            if step.dense:
                self.add_module(f"dense_{step.value}", nn.Linear(step.width_in, step.width))
            for place, skip in enumerate(step.skips):
                if skip.projected:
                    projection = nn.Linear(skip.width, step.width, bias=False)
                    self.add_module(skip_name(step, place), projection)
            if step.shifted:
                self.register_parameter(
                    f"shift_{step.value}", nn.Parameter(torch.zeros(step.width))
                )
            width = step.width
        self.relu = nn.ReLU()  # a module, so that proxies see what goes in
        self.head = nn.Linear(width, spec.outputs)

    @property
    def parameters_in_use(self) -> int:
        """Number of its weights and biases."""
        return sum(parameter.numel() for parameter in self.parameters())

    def layers_of(self, step: DenseStep) -> list[nn.Linear]:
        """Return the linear layers of a step, its own first, then its skips'."""
        names = [f"dense_{step.value}"] if step.dense else []
        names += [skip_name(step, k) for k, skip in enumerate(step.skips) if skip.projected]
        layers = [self.get_submodule(name) for name in names]
        return [layer for layer in layers if isinstance(layer, nn.Linear)]

    def values(self, x: Tensor) -> dict[int, Tensor]:
        """Return every value ``(B, width)`` of rows ``(B, features)``, by its number."""
        values = {0: x}
        for step in self.steps:
            last = values[step.source]
            if step.dense:
                last = self.get_submodule(f"dense_{step.value}")(last)
            else:
                last = moved(last, step.moves, step.width)
            if step.activation == "relu":
                last = self.relu(last)
            elif step.activation != "linear":
                last = ACTIVATION_FUNCTIONS[step.activation](last)
            for place, skip in enumerate(step.skips):
                added = values[skip.value]
                if skip.projected:
                    added = self.get_submodule(skip_name(step, place))(added)
                else:
                    added = moved(added, skip.moves, step.width)
                last = last + added
            if step.shifted:
                last = last + self.get_parameter(f"shift_{step.value}")
            if step.skips:
                last = self.relu(last)
            values[step.value] = last
        return values

    def forward(self, x: Tensor) -> Tensor:
        """Return the output ``(B, outputs)`` of rows ``(B, features)``."""
        out: Tensor = self.head(self.values(x)[self.steps[-1].value if self.steps else 0])
        return out


def moved(values: Tensor, moves: Moves | None, width: int) -> Tensor:
    """Return units ``(B, width)`` at other places, 0 where none comes; as they are without moves.

    Args:
        values: Units ``(B, ·)``.
        moves: From where to where.
        width: Width of the result.
    """
    if moves is None:
        return values
    columns = torch.tensor(moves, dtype=torch.int64, device=values.device).reshape(-1, 2)
    found = values.new_zeros(len(values), width)
    return found.index_copy(1, columns[:, 1], values.index_select(1, columns[:, 0]))


def skip_name(step: DenseStep, place: int) -> str:
    """Return the name of the projection of the skip at ``place``.

    Two skips may bring one value, where the layers between them are empty.
    """
    value = step.skips[place].value
    earlier = [skip.value for skip in step.skips[:place]].count(value)
    return f"skip_{step.value}_{value}" + (f"_{earlier + 1}" if earlier else "")


def build_dense_network(
    space: DenseSpace, architecture: str | ArrayLike, spec: TaskSpec, *, seed: int = 0
) -> DenseNetwork:
    """Build the network of a dense architecture for a table, on the CPU, with its first weights.

    Args:
        space: The space.
        architecture: The official string or the encoded vector.
        spec: The task.
        seed: Seed of the first weights. A layer's depend on the seed and its place only.

    Raises:
        InvalidArchitectureError: If it is not an architecture of the space.
        InvalidArgumentError: If the task is none of a table.

    Example:
        >>> from rlnas.datasets.spec import table_spec
        >>> space = DenseSpace(2, [16, 32], ["relu"], skips=1)
        >>> network = build_dense_network(
        ...     space, "16-relu_32-relu-s1", table_spec(features=5, outputs=3)
        ... )
        >>> tuple(network(torch.zeros(4, 5)).shape)
        (4, 3)
    """
    vector = space.parse(architecture) if isinstance(architecture, str) else architecture
    with torch.device("meta"):
        network = DenseNetwork(space, vector, spec)
    network.to_empty(device="cpu")
    initialise(network, seed, "networks", "dense", kaiming=False)
    return network


def build_task_network(
    space: SearchSpace | str,
    architecture: str | ArrayLike,
    spec: TaskSpec,
    config: SkeletonConfig | None = None,
    *,
    seed: int = 0,
) -> SearchedNetwork | DenseNetwork:
    """Build the network of an architecture of any space, on the CPU, with its first weights.

    See `build_network` and `build_dense_network`.

    Args:
        space: The search space, or the name of a registered one.
        architecture: The official string or the encoded vector; of a space of schedules the network
            is the space's own.
        spec: The task.
        config: The skeleton around a cell; a dense network has none.
        seed: Seed of the first weights.

    Raises:
        RlnasError: As the two.
    """
    found = get_space(space) if isinstance(space, str) else space
    if isinstance(found, ScheduleSpace):  # whose points are trainings of one network
        return build_dense_network(found.base, found.network, spec, seed=seed)
    if isinstance(found, DenseSpace):
        return build_dense_network(found, architecture, spec, seed=seed)
    return build_network(found, architecture, spec, config, seed=seed)
