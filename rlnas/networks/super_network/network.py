"""One network that holds the networks of all architectures of a cell space."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.blocks import build_stem
from rlnas.networks.config import SkeletonConfig, suitable_config
from rlnas.networks.encoder import block_shape, build_close, build_residual
from rlnas.networks.heads import build_head
from rlnas.networks.initialisation import initialise
from rlnas.networks.network import SearchedNetwork, build_network
from rlnas.networks.skeleton import distinct_sizes, plan_blocks
from rlnas.networks.super_network.cell import Mix, SuperCell
from rlnas.networks.super_network.genotype import Genotype, as_mask, reaching
from rlnas.spaces import CellSpace, SearchSpace, get_space

_EDGE = re.compile(r"(encoder\.blocks\.\d+\.edges\.)(\d+)\.(.+)")


class SuperEncoder(nn.Module):
    """The encoder of a super-network: as `rlnas.networks.encoder.Encoder`, of super-cells.

    Args:
        space: The cell space.
        config: The skeleton.
        channels: Channels of the input image.
        present: ``(edges, operations)``, which operations are built.

    Attributes:
        stem: The first one or two convolutions.
        blocks: The cells and residual blocks in order.
        close: BN and ReLU after the last stage in NAS-Bench-201's skeleton, else nothing.
    """

    def __init__(
        self,
        space: CellSpace,
        config: SkeletonConfig,
        channels: int,
        present: NDArray[np.bool_],
    ) -> None:
        super().__init__()
        self.plan = plan_blocks(space, space.from_example(), config)
        self.stem = build_stem(channels, config.width, config.stem_strides)
        edges = [(int(tail), int(head)) for tail, head in space.positions]
        self.blocks = nn.ModuleList(
            SuperCell(edges, space.operations, block_shape(block, config), present)
            if block.kind == "cell"
            else build_residual(block, config)
            for block in self.plan
        )
        self.close = build_close(self.plan[-1], config)

    @property
    def cells(self) -> list[SuperCell]:
        """The cells in order."""
        return [block for block in self.blocks if isinstance(block, SuperCell)]

    def forward(self, x: Tensor, mix: Mix) -> Tensor:
        """Return the feature map ``(B, channels, h, w)`` of images ``(B, channels, H, W)``."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, mix) if isinstance(block, SuperCell) else block(x)
        out: Tensor = self.close(x)
        return out


class SuperNetwork(nn.Module):
    """Every operation on every edge of a cell, and the head of one task.

    All cells have the same operations. What is computed is said by each call; what was deleted is
    gone, with its weights. Make one with `build_super_network`.

    Args:
        space: A cell space whose operations have known names.
        spec: The task.
        config: The skeleton.
        present: ``(edges, operations)``, which operations are built; None for all.

    Attributes:
        space: The cell space.
        spec: The task.
        config: The skeleton.
        present: ``(edges, operations)``, which operations are there.
        encoder: From the image to the feature map.
        head: From the feature map to the output.

    Raises:
        InvalidArgumentError: If the space is no cell space, or the task is of a table.
    """

    def __init__(
        self,
        space: SearchSpace,
        spec: TaskSpec,
        config: SkeletonConfig,
        present: ArrayLike | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(space, CellSpace):
            raise InvalidArgumentError(
                f"There is no super-network of {space.name}: its architectures are no cells. "
                "Expected a CellSpace, e.g. transnas-micro or nasbench-201."
            )
        if spec.features:
            raise InvalidArgumentError(
                f"A super-network takes images; the task {spec.name!r} has rows of a table."
            )
        shape = (space.num_positions, space.num_operations)
        self.present = np.ones(shape, dtype=np.bool_)
        if present is not None:
            self.present &= np.asarray(present, dtype=np.bool_)
        self.space = space
        self.spec = spec
        self.config = config
        self.encoder = SuperEncoder(space, config, spec.channels, self.present)
        plan = self.encoder.plan
        sizes = distinct_sizes(spec.image_size, config, plan)
        self.head = build_head(spec, config, plan[-1].channels_out, sizes)

    def forward(self, x: Tensor, mix: Mix | None = None) -> Tensor:
        """Return the output of a batch; `TaskSpec` gives the shapes by kind.

        Args:
            x: The batch; the tiles of a puzzle go through the encoder as one batch.
            mix: What is computed, and with which weights; None for the plain sum of all operations
                that are there.
        """
        chosen = Mix(self.present) if mix is None else mix
        features = self.encoder(x.flatten(0, 1) if self.spec.tiles > 1 else x, chosen)
        out: Tensor = self.head(features)
        return out

    def delete(self, mask: ArrayLike) -> int:
        """Take operations out of every cell, for good, and return how many are gone.

        With them goes whatever has no way to the output any more. Optimisers that hold their
        weights have to let go of them, see `parameters`.

        Args:
            mask: ``(edges, operations)``, which operations to delete.

        Raises:
            InvalidArgumentError: If nothing would be left between input and output.
        """
        left = reaching(self.space, self.present & ~np.asarray(mask, dtype=np.bool_))
        if not left.any():
            raise InvalidArgumentError(
                "Without these operations nothing leads from the input to the output of a cell."
            )
        gone = self.present & ~left
        for edge, operation in np.argwhere(gone).tolist():
            for cell in self.encoder.cells:
                cell.delete(edge, self.space.operations[operation])
        self.present = left
        return int(gone.sum())

    @property
    def genotype(self) -> Genotype:
        """The operations that are there."""
        return Genotype.of(self.space, self.present)

    def take_out(self, architecture: ArrayLike | str) -> SearchedNetwork:
        """Return an architecture's own network with the weights that it has here, on the CPU.

        It gives what this network gives with ``Mix(active)`` of the architecture alone. Edges that
        lead nowhere have first weights.

        Args:
            architecture: The encoded vector or the official string.

        Raises:
            InvalidArchitectureError: If it is not an architecture of the space.
            InvalidArgumentError: If one of its operations was deleted.
        """
        vector = (
            self.space.parse(architecture)
            if isinstance(architecture, str)
            else self.space.check(architecture)
        )
        needed = reaching(self.space, as_mask(self.space, vector))
        if missing := np.argwhere(needed & ~self.present).tolist():
            edge, operation = missing[0]
            raise InvalidArgumentError(
                f"{self.space.operations[operation]} on edge {edge} was deleted; the super-network "
                f"has no weights for {self.space.format(vector)}."
            )
        network = build_network(self.space, vector, self.spec, self.config)
        own = self.state_dict()
        state = network.state_dict()
        for name in state:
            found = _EDGE.fullmatch(name)
            if found is None:
                state[name] = own[name]
            elif needed[int(found[2])].any():
                operation = self.space.operations[vector[int(found[2])]]
                state[name] = own[f"{found[1]}{found[2]}.{operation}.{found[3]}"]
        network.load_state_dict(state)
        return network.train(self.training)


def build_super_network(
    space: SearchSpace | str,
    spec: TaskSpec,
    config: SkeletonConfig | None = None,
    *,
    present: ArrayLike | None = None,
    seed: int = 0,
) -> SuperNetwork:
    """Build the super-network of a cell space for a task, on the CPU, with its first weights.

    Args:
        space: A cell space whose operations have known names, see
            `rlnas.networks.register_operation`; or the name of a registered one.
        spec: The task: gives the input, the head and the output.
        config: The skeleton; None: `super_config` of `suitable_config` of the space and the images.
        present: ``(edges, operations)``, which operations are built; None for all.
        seed: Seed of the first weights. A layer's depend on the seed and its place only, so that
            operations that are left out change nothing for the others.

    Raises:
        UnknownNameError: If no space or operation has this name.
        InvalidArgumentError: If the space is no cell space, or the skeleton does not fit.

    Example:
        >>> from rlnas.tasks import Metric
        >>> spec = TaskSpec(
        ...     name="class", kind="class", outputs=10, image_size=32, metric=Metric(name="top1")
        ... )
        >>> network = build_super_network("transnas-micro", spec)
        >>> tuple(network(torch.zeros(2, 3, 32, 32)).shape), int(network.present.sum())
        ((2, 10), 24)
    """
    found = get_space(space) if isinstance(space, str) else space
    chosen = super_config(suitable_config(found, spec)) if config is None else config
    with torch.device("meta"):
        network = SuperNetwork(found, spec, chosen, present)
    network.to_empty(device="cpu")
    kaiming = chosen.initialisation == "kaiming_fan_out"
    initialise(network.encoder, seed, "networks", "super-encoder", kaiming=kaiming)
    initialise(network.head, seed, "networks", "head", kaiming=False)
    return network


def super_config(config: SkeletonConfig) -> SkeletonConfig:
    """Return a skeleton whose batch normalisation suits a super-network.

    It learns no scale, which would hide what α says, and keeps no statistics, which would be those
    of no single architecture (Liu, Simonyan & Yang, DARTS, ICLR 2019, arXiv 1806.09055, §3; the
    authors of DNAD likewise).
    """
    return replace(config, affine=False, track_running_stats=False)
