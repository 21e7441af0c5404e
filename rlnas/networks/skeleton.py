"""The plan of an encoder: its stem and its blocks in order, before any module is built.

Needs no PyTorch: the same plan builds the modules and counts parameters and operations of
thousands of architectures without building them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from rlnas.errors import InvalidArgumentError
from rlnas.networks.config import SkeletonConfig
from rlnas.spaces import CellSpace, SearchSpace, TransNASMacroSpace

BlockKind = Literal["cell", "residual", "reduction"]


@dataclass(frozen=True)
class Block:
    """One block of an encoder.

    Attributes:
        kind: ``cell``: a copy of the searched cell; ``residual``: TransNAS's basic block;
            ``reduction``: NAS-Bench-201's block between two stages.
        channels_in: Channels of the input.
        channels_out: Channels of the output.
        stride: 1 or 2.
    """

    kind: BlockKind
    channels_in: int
    channels_out: int
    stride: int


def plan_blocks(
    space: SearchSpace, architecture: ArrayLike, config: SkeletonConfig
) -> tuple[Block, ...]:
    """Return the blocks after the stem of an architecture's network.

    In a cell space the plan does not depend on the architecture.

    Args:
        space: A cell space or TransNAS's macro space.
        architecture: One encoded architecture.
        config: The skeleton.

    Raises:
        InvalidArchitectureError: If it is not an architecture of the space.
        InvalidArgumentError: If there is no skeleton for the space.
    """
    vector = space.check(architecture)
    if isinstance(space, TransNASMacroSpace):
        digits = "".join(str(d) for d in vector if d)
        return _modules("residual", digits, config)
    if not isinstance(space, CellSpace):
        raise InvalidArgumentError(
            f"There is no network for the search space {space.name!r}; expected a CellSpace or "
            "the TransNAS macro space."
        )
    if config.skeleton == "stages":
        return _stages(config)
    return _modules("cell", config.modules, config)


def stem_size(image_size: int, config: SkeletonConfig) -> int:
    """Return the side of the map after the stem in pixels."""
    for stride in config.stem_strides:
        image_size = reduced(image_size, stride)
    return image_size


def reduced(size: int, stride: int) -> int:
    """Return the side ⌈size / stride⌉ of a map after one stride."""
    return -(-size // stride)


def distinct_sizes(
    image_size: int, config: SkeletonConfig, blocks: tuple[Block, ...]
) -> tuple[int, ...]:
    """Return the distinct sides of the maps in pixels, from the image's to the features', falling.

    Args:
        image_size: Side of the input in pixels.
        config: The skeleton.
        blocks: The plan of its blocks.
    """
    sizes = [image_size]
    for stride in (*config.stem_strides, *(block.stride for block in blocks)):
        sizes.append(reduced(sizes[-1], stride))
    return tuple(sorted(set(sizes), reverse=True))


def _modules(kind: BlockKind, digits: str, config: SkeletonConfig) -> tuple[Block, ...]:
    blocks: list[Block] = []
    width = config.width
    for digit in digits:
        wider = 2 * width if digit in "24" else width
        blocks.append(Block(kind, width, wider, 2 if digit in "34" else 1))
        width = wider
        blocks += [Block(kind, width, width, 1)] * (config.cells_per_module - 1)
    return tuple(blocks)


def _stages(config: SkeletonConfig) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for stage in range(3):
        width = config.width * 2**stage
        if stage:
            blocks.append(Block("reduction", width // 2, width, 2))
        blocks += [Block("cell", width, width, 1)] * config.cells_per_stage
    return tuple(blocks)
