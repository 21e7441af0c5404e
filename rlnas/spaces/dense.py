"""Spaces of dense networks for tables: widths and activations of layers, and skips between them."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.plain import whole
from rlnas.spaces.base import Architecture
from rlnas.spaces.graph import ArchitectureGraph
from rlnas.spaces.mixed import MixedSpace

ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "silu", "gelu")
"""What may follow a dense layer; ``linear`` is no activation."""

ATTN_WIDTHS = tuple(range(8, 65, 8))
ATTN_ACTIVATIONS = ("linear", "silu", "relu", "tanh", "sigmoid")
_MOST_OPERATIONS = 127
_NONE, _SKIP, _IDENTITY = "none", "skip_connect", "identity"
_FIRST = 2  # operations before it are those of skips


@dataclass(frozen=True)
class DenseLayer:
    """One layer of a dense architecture.

    Attributes:
        width: Number of units; None for the identity.
        activation: One of `ACTIVATIONS`; ``linear`` for the identity.
        skips: From how many values back a skip comes, ascending; 1 is the layer's own input.
    """

    width: int | None
    activation: str
    skips: tuple[int, ...] = ()


class DenseSpace(MixedSpace):
    """Stacks of dense layers, each a width with an activation or the identity, with skips.

    A layer transforms the value before it. To what comes out, the skips add earlier values, each
    by a linear projection where the widths differ, and a ReLU follows the sum; without a skip there
    is neither. So a layer that is the identity without skips is no layer at all, and the canonical
    form leaves it out. It is the space of the Candle ATTN benchmark (Underwood et al., arXiv
    2309.12576; its graph: three layers a block, a skip from each of the last three values), which
    is the preset `attn`.

    The official string lists the layers, ``WIDTH-ACTIVATION`` or ``identity``, joined by ``_``;
    behind a layer ``-sK`` is a skip from K values back, ``-s1`` around the layer alone. A position
    of the vector is a layer or a possible skip, layer by layer, the nearest skip first. Skips are
    the operations 0 (``none``) and 1 (``skip_connect``), layers those from 2 (``identity``) on.

    Args:
        layers: Layers of a block, 1 or more.
        widths: Numbers of units to choose from, distinct, each 1 or more.
        activations: Some of `ACTIVATIONS`, distinct. Widths × activations are at most 124, because
            an operation is a small integer.
        skips: Earlier values that a layer may add, 0…3: the nearest ones within its block, whose
            input is one of them.
        blocks: Blocks in a row; no skip leads out of one.
        name: Name of the space.

    Raises:
        InvalidArgumentError: If an argument is outside its range.

    Example:
        >>> space = DenseSpace(2, [16, 32], ["relu", "tanh"], skips=1)
        >>> space.size, space.format([4, 0, 2, 1])
        (100, '16-tanh_identity-s1')
        >>> space.parse("32-relu-s1_16-relu").tolist()
        [5, 1, 3, 0]
    """

    def __init__(
        self,
        layers: int = 3,
        widths: Sequence[int] = (16, 32, 64, 128),
        activations: Sequence[str] = ("relu", "tanh", "silu"),
        skips: int = 2,
        *,
        blocks: int = 1,
        name: str = "dense",
    ) -> None:
        self.name = name
        self.layers = whole(layers, f"{name}: layers", 1)
        self.blocks = whole(blocks, f"{name}: blocks", 1)
        self.skips = whole(skips, f"{name}: skips")
        if self.skips > 3:
            raise InvalidArgumentError(f"{name}: skips is {skips}; expected 0…3.")
        self.widths = tuple(whole(width, f"{name}: a width", 1) for width in widths)
        self.activations = tuple(activations)
        if not self.widths or len(set(self.widths)) != len(self.widths):
            raise InvalidArgumentError(f"{name}: expected distinct widths, got {list(widths)}.")
        if not self.activations or len(set(self.activations)) != len(self.activations):
            raise InvalidArgumentError(
                f"{name}: expected distinct activations, got {list(activations)}."
            )
        if unknown := [a for a in self.activations if a not in ACTIVATIONS]:
            raise InvalidArgumentError(
                f"{name}: there is no activation {unknown[0]!r}; expected some of "
                f"{', '.join(ACTIVATIONS)}."
            )
        choices = [f"{width}-{act}" for width in self.widths for act in self.activations]
        self.operations = (_NONE, _SKIP, _IDENTITY, *choices)
        if len(self.operations) > _MOST_OPERATIONS:
            raise InvalidArgumentError(
                f"{name}: {len(self.widths)} widths × {len(self.activations)} activations are "
                f"{len(choices)} choices; expected {_MOST_OPERATIONS - 3} or fewer. Take wider "
                "steps between the widths."
            )
        # Each layer has a node for what its dense part gives and one for the sum with the skips.
        pairs: list[tuple[int, int]] = []
        self._layer_of: list[int] = []
        self._back: list[int] = []  # 0 for the layer itself, else how far back the skip comes from
        for layer in range(self.depth):
            reach = min(self.skips, layer % self.layers + 1)
            for back in range(reach + 1):
                tail = 2 * layer if back == 0 else 2 * (layer - back + 1)
                pairs.append((tail, 2 * layer + (1 if back == 0 else 2)))
                self._layer_of.append(layer)
                self._back.append(back)
        self.positions = np.array(pairs, dtype=np.int64)
        is_layer = np.array(self._back) == 0
        self.set_ranges(
            np.where(is_layer, _FIRST, 0), np.where(is_layer, len(self.operations) - _FIRST, 2)
        )

    @property
    def depth(self) -> int:
        """Layers of all blocks together."""
        return self.layers * self.blocks

    def dense_layers(self, architecture: ArrayLike) -> tuple[DenseLayer, ...]:
        """Return the layers of one architecture, in order, identities among them."""
        vector = self.check(architecture).tolist()
        chosen: list[int] = [0] * self.depth
        skips: list[list[int]] = [[] for _ in range(self.depth)]
        for operation, layer, back in zip(vector, self._layer_of, self._back, strict=True):
            if back == 0:
                chosen[layer] = operation
            elif operation == 1:
                skips[layer].append(back)
        found = []
        for operation, own in zip(chosen, skips, strict=True):
            if operation == _FIRST:
                found.append(DenseLayer(None, "linear", tuple(own)))
            else:
                width, _, activation = self.operations[operation].partition("-")
                found.append(DenseLayer(int(width), activation, tuple(own)))
        return tuple(found)

    def parts(self, architecture: ArrayLike) -> tuple[str, ...]:
        """Return the names of the parts of its network: the layers that are some, and the head."""
        layers = enumerate(self.dense_layers(architecture), start=1)
        found = [f"layer-{place}" for place, own in layers if own.width is not None or own.skips]
        return (*found, "head")

    def format(self, architecture: ArrayLike) -> str:
        """Return the official string."""
        return "_".join(
            (_IDENTITY if layer.width is None else f"{layer.width}-{layer.activation}")
            + "".join(f"-s{back}" for back in layer.skips)
            for layer in self.dense_layers(architecture)
        )

    def parse(self, text: str) -> Architecture:
        """Return the vector of an official string."""
        parts = text.strip().split("_")
        if len(parts) != self.depth:
            raise self._no_architecture(text, f"it has {len(parts)} layers, not {self.depth}")
        chosen: list[str] = []
        skips: list[set[int]] = []
        for part in parts:
            match = re.fullmatch(r"(.+?)((?:-s[1-9])*)", part)
            name = "" if match is None else match[1]
            if name not in self.operations[_FIRST:]:
                raise self._no_architecture(text, f"{part!r} begins with no layer of this space")
            backs = re.findall(r"[1-9]", match[2]) if match else []
            if len(set(backs)) != len(backs):
                raise self._no_architecture(text, f"{part!r} has a skip twice")
            chosen.append(name)
            skips.append({int(back) for back in backs})
        vector = np.zeros(self.num_positions, dtype=np.int8)
        for position, (layer, back) in enumerate(zip(self._layer_of, self._back, strict=True)):
            if back == 0:
                vector[position] = self.operations.index(chosen[layer])
            elif back in skips[layer]:
                skips[layer].remove(back)
                vector[position] = 1
        if any(skips):
            raise self._no_architecture(text, "a skip comes from farther back than this space has")
        return vector

    def _no_architecture(self, text: str, why: str) -> InvalidArchitectureError:
        return InvalidArchitectureError(
            f"{text!r} is not an architecture of {self.name}: {why}. Expected {self.depth} layers "
            f"such as {self.format(self.from_example())!r}."
        )

    def canonical_key(self, architecture: ArrayLike) -> Hashable:
        """Return a key that architectures share exactly if one is the other less empty layers.

        The layers that compute something form a chain, so their order is no choice, and each is
        known by its operation and the values that its skips bring.
        """
        layers = self.dense_layers(architecture)
        value = [0]  # the number of the real layer behind each value; 0 is the input
        real: list[tuple[int | None, str, tuple[int, ...]]] = []
        for place, layer in enumerate(layers):
            if layer.width is None and not layer.skips:
                value.append(value[-1])
                continue
            sources = tuple(sorted(value[place + 1 - back] for back in layer.skips))
            real.append((layer.width, layer.activation, sources))
            value.append(len(real))
        return tuple(real)

    def graph(self, architecture: ArrayLike) -> ArchitectureGraph:
        """Return the layers and skips as edges, a layer's sum with its skips as a node."""
        vector = self.check(architecture)
        joins = [(2 * layer + 1, 2 * layer + 2) for layer in range(self.depth)]
        keep = vector != 0
        return ArchitectureGraph(
            num_nodes=2 * self.depth + 1,
            edges=np.concatenate([self.positions[keep], np.array(joins, dtype=np.int64)]),
            operations=(
                *(self.operations[operation] for operation in vector[keep]),
                *(_SKIP for _ in joins),
            ),
            input_node=0,
            output_node=2 * self.depth,
        )


def attn(
    widths: Sequence[int] = ATTN_WIDTHS, activations: Sequence[str] = ATTN_ACTIVATIONS
) -> DenseSpace:
    """Return the space of the Candle ATTN benchmark: two blocks of three layers, six skips each.

    Its authors choose among hundreds of widths for thousands of input columns (50…1975 by 25, then
    2000…3450 by 50; code of arXiv 2309.12576). The default widths are the same graph for tables of
    tens to hundreds of columns.

    Args:
        widths: Numbers of units, the same for both blocks.
        activations: Activations.
    """
    return DenseSpace(3, widths, activations, skips=3, blocks=2, name="attn")
