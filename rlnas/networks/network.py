"""From an architecture to a PyTorch module."""

from __future__ import annotations

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.config import SkeletonConfig, published_config
from rlnas.networks.encoder import Encoder
from rlnas.networks.heads import build_head
from rlnas.networks.initialisation import initialise
from rlnas.spaces import SearchSpace, get_space


class TaskNetwork(nn.Module):
    """A network that an architecture stands for, and what it was made for.

    Args:
        space: The search space.
        architecture: One encoded architecture of it.
        spec: The task.
        config: The skeleton.

    Attributes:
        spec: The task.
        config: The skeleton.
        space: The search space.
        architecture: The architecture's official string.
    """

    def __init__(
        self, space: SearchSpace, architecture: ArrayLike, spec: TaskSpec, config: SkeletonConfig
    ) -> None:
        super().__init__()
        self.spec = spec
        self.config = config
        self.space = space
        self.architecture = space.format(architecture)


class SearchedNetwork(TaskNetwork):
    """An encoder, whose architecture was searched, and the head of one task.

    Make one with `build_network`, which also gives it its first weights.

    Args:
        space: A cell space or TransNAS's macro space.
        architecture: One encoded architecture of it.
        spec: The task.
        config: The skeleton.

    Attributes:
        encoder: From the image to the feature map.
        head: From the feature map to the output, by ``spec.kind``.

    Raises:
        InvalidArgumentError: If the task is of a table, which has no image.
    """

    def __init__(
        self, space: SearchSpace, architecture: ArrayLike, spec: TaskSpec, config: SkeletonConfig
    ) -> None:
        super().__init__(space, architecture, spec, config)
        if spec.features:
            raise InvalidArgumentError(
                f"Networks of {space.name} take images; the task {spec.name!r} has rows of a "
                "table. Take a dense space, such as 'dense'."
            )
        self.encoder = Encoder(space, architecture, config, spec.channels)
        sizes = self.encoder.sizes(spec.image_size)
        self.head = build_head(spec, config, self.encoder.out_channels, sizes)
        self._tiled = spec.tiles > 1

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of a batch; `TaskSpec` gives the shapes by kind.

        The tiles of a puzzle go through the encoder as one batch, so that batch normalisation
        sees them all together; the published code takes one position after the other.
        """
        out: Tensor = self.head(self.encoder(x.flatten(0, 1) if self._tiled else x))
        return out


def build_network(
    space: SearchSpace | str,
    architecture: str | ArrayLike,
    spec: TaskSpec,
    config: SkeletonConfig | None = None,
    *,
    seed: int = 0,
) -> SearchedNetwork:
    """Build the network of an architecture for a task, on the CPU, with its first weights.

    Args:
        space: A cell space whose operations have known names, or TransNAS's macro space; or the
            name of a registered one.
        architecture: The official string or the encoded vector.
        spec: The task: gives the input, the head and the output.
        config: The skeleton; None: the published one of the space, `published_config`.
        seed: Seed of the first weights. A layer's depend on the seed and its place only.

    Raises:
        UnknownNameError: If no space or operation has this name.
        InvalidArchitectureError: If it is not an architecture of the space.
        InvalidArgumentError: If the skeleton fits neither the space nor the image.

    Example:
        >>> from rlnas.datasets.spec import TaskSpec
        >>> from rlnas.tasks import Metric
        >>> spec = TaskSpec(
        ...     name="class", kind="class", outputs=10, image_size=32, metric=Metric(name="top1")
        ... )
        >>> config = SkeletonConfig(width=8, stem_strides=(2, 1), modules="414")
        >>> network = build_network("transnas-micro", "64-41414-3_33_132", spec, config)
        >>> tuple(network(torch.zeros(2, 3, 32, 32)).shape)
        (2, 10)
    """
    found = get_space(space) if isinstance(space, str) else space
    vector = found.parse(architecture) if isinstance(architecture, str) else architecture
    chosen = published_config(found) if config is None else config
    # On the meta device no layer draws from the global generator, and none is filled twice.
    with torch.device("meta"):
        network = SearchedNetwork(found, vector, spec, chosen)
    network.to_empty(device="cpu")
    kaiming = chosen.initialisation == "kaiming_fan_out"
    initialise(network.encoder, seed, "networks", "encoder", kaiming=kaiming)
    initialise(network.head, seed, "networks", "head", kaiming=False)
    return network
