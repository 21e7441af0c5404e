"""Parameters and operations of one or of many architectures, without building their networks.

A network's count is the sum of its parts': stem, blocks, head; and a cell's is the sum of its
edges'. So each distinct part is measured once, and an architecture's count is a sum of a few looked
up numbers: all 15,625 networks of NAS-Bench-201 take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rlnas.datasets.spec import TaskSpec
from rlnas.errors import InvalidArgumentError
from rlnas.networks.blocks import build_stem
from rlnas.networks.config import SkeletonConfig, published_config
from rlnas.networks.counting import Counts, measure
from rlnas.networks.dense import dense_steps
from rlnas.networks.encoder import block_shape, build_close, build_residual
from rlnas.networks.heads import build_head
from rlnas.networks.network import SearchedNetwork
from rlnas.networks.operations import EdgeShape, build_operation
from rlnas.networks.skeleton import Block, distinct_sizes, plan_blocks, reduced, stem_size
from rlnas.spaces import CellSpace, DenseSpace, ScheduleSpace, SearchSpace, get_space
from rlnas.spaces.graph import live_edges


@dataclass(frozen=True)
class NetworkStatistics:
    """What one example costs in a network.

    Attributes:
        parameters: Trainable numbers, those of dead edges too, as published.
        encoder_parameters: Those before the head.
        live_parameters: Those of edges on a path from input to output, and of all that is no cell.
        flops: As NAS-Bench-Suite-Zero counts them, see `Counts`: dead edges too, and a jigsaw
            puzzle's encoder once, for one tile. Of a dense network its ``macs``.
        macs: Multiply-accumulates that `SearchedNetwork` executes: live edges only, every tile.
    """

    parameters: int
    encoder_parameters: int
    live_parameters: int
    flops: int
    macs: int


def network_statistics(
    space: SearchSpace | str,
    architecture: str | ArrayLike,
    spec: TaskSpec,
    config: SkeletonConfig | None = None,
) -> NetworkStatistics:
    """Return what one architecture costs on one example of a task.

    Args:
        space: A cell space or TransNAS's macro space, or the name of a registered one.
        architecture: The official string or the encoded vector.
        spec: The task.
        config: The skeleton; None: `published_config` of the space.

    Raises:
        UnknownNameError: If no space or operation has this name.
        InvalidArchitectureError: If it is not an architecture of the space.
        InvalidArgumentError: If the skeleton fits neither the space nor the image.
    """
    found = get_space(space) if isinstance(space, str) else space
    vector = found.parse(architecture) if isinstance(architecture, str) else architecture
    row = statistics_of_many(found, [found.check(vector)], spec, config).iloc[0]
    return NetworkStatistics(**{str(name): int(value) for name, value in row.items()})


def statistics_of_many(
    space: SearchSpace | str,
    architectures: ArrayLike,
    spec: TaskSpec,
    config: SkeletonConfig | None = None,
) -> pd.DataFrame:
    """Return what each of many architectures costs on one example of a task.

    Args:
        space: As in `network_statistics`.
        architectures: ``(N, num_positions)`` encoded architectures.
        spec: The task.
        config: The skeleton; None: `published_config` of the space.

    Returns:
        A row for each architecture, in their order; the int64 columns are the fields of
        `NetworkStatistics`.

    Raises:
        UnknownNameError: If no space or operation has this name.
        InvalidArchitectureError: If a row is not an architecture of the space.
        InvalidArgumentError: If the skeleton fits neither the space nor the image.
    """
    found = get_space(space) if isinstance(space, str) else space
    chosen = published_config(found) if config is None else config
    vectors = [found.check(row) for row in np.asarray(architectures)]
    if isinstance(found, ScheduleSpace):  # whose points all train one network
        row = _dense_row(found.base, found.base.parse(found.network), spec)
        rows = [row] * len(vectors)
    elif isinstance(found, DenseSpace):
        rows = [_dense_row(found, vector, spec) for vector in vectors]
    elif spec.features:
        raise InvalidArgumentError(
            f"Networks of {found.name} take images; the task {spec.name!r} has rows of a table. "
            "Take a dense space, such as 'dense'."
        )
    elif isinstance(found, CellSpace):
        rows = _cell_rows(found, np.array(vectors, dtype=np.int64), spec, chosen)
    else:
        rows = [_frame(plan_blocks(found, v, chosen), spec, chosen).row() for v in vectors]
    frame: pd.DataFrame = pd.DataFrame([vars(row) for row in rows], dtype=np.int64)
    return frame


def count_flops(network: SearchedNetwork, image_size: int | None = None) -> int:
    """Return the FLOPs of one example as NAS-Bench-Suite-Zero counts them, see `Counts`.

    They are multiply-accumulates of convolutions and linear layers plus smaller terms, over all
    edges, dead ones too, and one tile of a puzzle. `network_statistics` has ``macs`` beside them.

    Args:
        network: From `build_network`.
        image_size: Side of the input (of one tile) in pixels; None: the task's own.
    """
    size = network.spec.image_size if image_size is None else image_size
    spec = replace(network.spec, image_size=size)
    return network_statistics(network.space, network.architecture, spec, network.config).flops


def _cell_rows(
    space: CellSpace, vectors: NDArray[np.int64], spec: TaskSpec, config: SkeletonConfig
) -> list[NetworkStatistics]:
    if not len(vectors):
        return []
    frame = _frame(plan_blocks(space, vectors[0], config), spec, config)
    table = _edge_costs(space, spec, config)
    none = space.operations.index("none") if "none" in space.operations else -1
    costs = table[np.arange(space.num_positions), vectors]
    return [
        frame.row(
            edges=tuple(cost.sum(axis=0).tolist()),
            live=tuple(cost[_live(space, vector != none)].sum(axis=0).tolist()),
        )
        for vector, cost in zip(vectors, costs, strict=True)
    ]


def mask_statistics(
    space: CellSpace, mask: ArrayLike, spec: TaskSpec, config: SkeletonConfig
) -> NetworkStatistics:
    """Return what one example costs in a network with several operations on an edge, or none.

    Args:
        space: The cell space.
        mask: ``(edges, operations)``, which operations are there; those on no way from input to
            output count as dead.
        spec: The task.
        config: The skeleton.
    """
    kept = np.array(mask, dtype=np.bool_)
    frame = _frame(plan_blocks(space, space.from_example(), config), spec, config)
    passing = kept.copy()
    if "none" in space.operations:
        passing[:, space.operations.index("none")] = False
    live = passing & _live(space, passing.any(axis=1))[:, None]
    table = _edge_costs(space, spec, config)
    every, used = table[kept].sum(axis=0).tolist(), table[live].sum(axis=0).tolist()
    return frame.row(edges=tuple(every), live=tuple(used))


def _edge_costs(space: CellSpace, spec: TaskSpec, config: SkeletonConfig) -> NDArray[np.int64]:
    """Return parameters, macs and flops ``(edges, operations, 3)`` of operations in all cells."""
    blocks = plan_blocks(space, space.from_example(), config)
    # table[edge, operation] = (parameters, macs, flops) of that edge in all cells together.
    table = np.zeros((space.num_positions, space.num_operations, 3), dtype=np.int64)
    size = stem_size(spec.image_size, config)
    for block in blocks:
        if block.kind == "cell":
            for edge, (tail, _) in enumerate(space.positions.tolist()):
                outer = block_shape(block, config)
                first = tail == space.input_node
                shape = outer if first else replace(outer, channels_in=block.channels_out, stride=1)
                side = size if first else reduced(size, block.stride)
                for operation, name in enumerate(space.operations):
                    cost = _operation_counts(name, shape, side)
                    table[edge, operation] += (cost.parameters, cost.macs, cost.flops)
        size = reduced(size, block.stride)
    return table


def _dense_row(space: DenseSpace, vector: NDArray[np.int8], spec: TaskSpec) -> NetworkStatistics:
    if not spec.features:
        raise InvalidArgumentError(
            f"Networks of {space.name} take rows of a table; the task {spec.name!r} has images."
        )
    steps = dense_steps(space, vector, spec.features)
    width = steps[-1].width if steps else spec.features
    body = sum(step.parameters for step in steps)
    macs = sum(step.macs for step in steps) + width * spec.outputs
    whole = body + (width + 1) * spec.outputs
    return NetworkStatistics(
        parameters=whole, encoder_parameters=body, live_parameters=whole, flops=macs, macs=macs
    )


def _live(space: CellSpace, present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return live_edges(space.positions, present, space.input_node, space.output_node)


@dataclass(frozen=True)
class _Frame:
    """What all of a network but its cells costs."""

    encoder: Counts
    head: Counts
    tiles: int

    def row(
        self, edges: tuple[int, int, int] = (0, 0, 0), live: tuple[int, int, int] = (0, 0, 0)
    ) -> NetworkStatistics:
        """Return the whole network's statistics, given all and the live edges' in the cells."""
        every, used = self.encoder + Counts(*edges), self.encoder + Counts(*live)
        return NetworkStatistics(
            parameters=every.parameters + self.head.parameters,
            encoder_parameters=every.parameters,
            live_parameters=used.parameters + self.head.parameters,
            flops=every.flops + self.head.flops,
            macs=self.tiles * used.macs + self.head.macs,
        )


def _frame(blocks: tuple[Block, ...], spec: TaskSpec, config: SkeletonConfig) -> _Frame:
    """Return what stem, residual blocks and head cost."""
    total = _stem_counts(spec.channels, spec.image_size, config)
    size = stem_size(spec.image_size, config)
    for block in blocks:
        if block.kind != "cell":
            total += _residual_counts(block, config, size)
        size = reduced(size, block.stride)
    total += _close_counts(blocks[-1], config, size)
    sizes = distinct_sizes(spec.image_size, config, blocks)
    return _Frame(total, _head_counts(spec, config, blocks[-1].channels_out, sizes), spec.tiles)


def _cached(function: Callable[..., Counts]) -> Callable[..., Counts]:
    return lru_cache(maxsize=4096)(function)


@_cached
def _stem_counts(channels: int, size: int, config: SkeletonConfig) -> Counts:
    return measure(
        lambda: build_stem(channels, config.width, config.stem_strides), (1, channels, size, size)
    )


@_cached
def _residual_counts(block: Block, config: SkeletonConfig, size: int) -> Counts:
    return measure(lambda: build_residual(block, config), (1, block.channels_in, size, size))


@_cached
def _close_counts(last: Block, config: SkeletonConfig, size: int) -> Counts:
    return measure(lambda: build_close(last, config), (1, last.channels_out, size, size))


@_cached
def _operation_counts(name: str, shape: EdgeShape, size: int) -> Counts:
    return measure(lambda: build_operation(name, shape), (1, shape.channels_in, size, size))


@_cached
def _head_counts(
    spec: TaskSpec, config: SkeletonConfig, channels: int, sizes: tuple[int, ...]
) -> Counts:
    return measure(
        lambda: build_head(spec, config, channels, sizes),
        (spec.tiles, channels, sizes[-1], sizes[-1]),
    )
