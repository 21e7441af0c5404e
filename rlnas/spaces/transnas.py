"""The two search spaces of TransNAS-Bench-101 (Duan et al., CVPR 2021, arXiv 2105.11871, §3)."""

from __future__ import annotations

import itertools
import re

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.spaces.base import Architecture, SearchSpace
from rlnas.spaces.cell import CellSpace
from rlnas.spaces.graph import ArchitectureGraph


class TransNASMicroSpace(CellSpace):
    """The cell-level space: four nodes, six edges, four operations, 4,096 cells.

    The official string ``64-41414-a_bc_def`` gives the width, the five modules and the operation
    digits of edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3 (0 none, 1 skip, 2 conv1x1, 3 conv3x3). The
    operations carry the names that NAS-Bench-201 gives the same modules, so that a policy over
    operation names transfers between the two spaces. Edges that leave node 0 carry the stride of
    their cell; a skip there is a FactorizedReduce, not an identity.

    Example:
        >>> space = TransNASMicroSpace()
        >>> space.format([3, 3, 2, 1, 3, 2]), space.parse("64-41414-3_32_132").tolist()
        ('64-41414-3_32_132', [3, 3, 2, 1, 3, 2])
    """

    def __init__(self) -> None:
        super().__init__(
            "transnas-micro",
            [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)],
            ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3"],
            none="none",
            identity="skip_connect",
            strided_inputs=True,
        )

    def format(self, architecture: ArrayLike) -> str:
        """Return the official string."""
        a, b, c, d, e, f = self.check(architecture).tolist()
        return f"64-41414-{a}_{b}{c}_{d}{e}{f}"

    def parse(self, text: str) -> Architecture:
        """Return the vector of an official string."""
        match = re.fullmatch(r"64-41414-([0-3])_([0-3]{2})_([0-3]{3})", text.strip())
        if match is None:
            raise InvalidArchitectureError(
                f"{text!r} is not a TransNAS-Bench-101 micro architecture; expected "
                "'64-41414-a_bc_def' with digits 0 none, 1 skip, 2 conv1x1, 3 conv3x3, "
                "e.g. '64-41414-3_32_132'."
            )
        return np.array([int(d) for d in "".join(match.groups())], dtype=np.int8)


class TransNASMacroSpace(SearchSpace):
    """The network-level space: four to six modules, 3,256 networks; or a part of it.

    The official string is ``64-<digits>-basic``; a digit says what its module does: 1 nothing,
    2 doubles the channels, 3 halves the resolution, 4 both. A network doubles its channels one to
    three times and halves its resolution one to four times. Shorter networks are padded at the end
    with 0 (absent), so an edit also appends or removes the last module.

    Args:
        max_modules: The longest networks; 6 is the published space. Fewer is a space of its own,
            ``transnas-macro-<max_modules>``, of the published networks with at most that many
            modules and with the same strings: 210 networks of exactly four modules, 960 of four
            or five.

    Raises:
        InvalidArgumentError: If ``max_modules`` is not 4, 5 or 6.

    Example:
        >>> space = TransNASMacroSpace()
        >>> space.format([2, 2, 4, 1, 3, 1]), space.parse("64-2243-basic").tolist()
        ('64-224131-basic', [2, 2, 4, 3, 0, 0])
    """

    MIN_MODULES = 4
    MAX_MODULES = 6

    def __init__(self, max_modules: int = MAX_MODULES) -> None:
        if not self.MIN_MODULES <= max_modules <= self.MAX_MODULES:
            raise InvalidArgumentError(
                f"max_modules is {max_modules!r}; expected {self.MIN_MODULES}…{self.MAX_MODULES}."
            )
        self.max_modules = max_modules
        whole = max_modules == self.MAX_MODULES
        self.name = "transnas-macro" if whole else f"transnas-macro-{max_modules}"
        self.operations = ("absent", "normal", "channels", "resolution", "channels_resolution")
        self.positions = np.array([(i, i + 1) for i in range(max_modules)], dtype=np.int64)
        grid = np.array(list(itertools.product(range(5), repeat=max_modules)), dtype=np.int8)
        self._all = grid[self.is_valid(grid)]
        self.size = len(self._all)
        self._powers = 5 ** np.arange(max_modules, dtype=np.int64)[::-1]
        self._lookup = np.full(5**max_modules, -1, dtype=np.int64)
        self._lookup[self._all @ self._powers] = np.arange(self.size)

    def is_valid(self, architectures: ArrayLike) -> NDArray[np.bool_]:
        """Return which rows keep the rules on length, doublings and downsamplings."""
        batch = np.asarray(architectures)
        present = batch > 0
        doublings = ((batch == 2) | (batch == 4)).sum(axis=1)
        halvings = ((batch == 3) | (batch == 4)).sum(axis=1)
        valid = (
            ((batch >= 0) & (batch <= 4)).all(axis=1)
            & present[:, : self.MIN_MODULES].all(axis=1)
            & (present[:, :-1] | ~present[:, 1:]).all(axis=1)
            & (doublings >= 1)
            & (doublings <= 3)
            & (halvings >= 1)
            & (halvings <= 4)
        )
        return np.asarray(valid, dtype=np.bool_)

    def format(self, architecture: ArrayLike) -> str:
        """Return the official string."""
        return f"64-{''.join(str(d) for d in self.check(architecture) if d)}-basic"

    def parse(self, text: str) -> Architecture:
        """Return the vector of an official string."""
        match = re.fullmatch(rf"64-([1-4]{{4,{self.max_modules}}})-basic", text.strip())
        digits = [int(d) for d in match.group(1)] if match else []
        vector = np.array(digits + [0] * (self.max_modules - len(digits)), dtype=np.int8)
        if match is None or not self.is_valid(vector[None])[0]:
            whole = self.max_modules == self.MAX_MODULES
            count = "4" if self.max_modules == self.MIN_MODULES else f"4 to {self.max_modules}"
            raise InvalidArchitectureError(
                f"{text!r} is not a TransNAS-Bench-101 macro architecture"
                f"{'' if whole else f' of {self.name}'}; expected "
                f"'64-<{count} digits>-basic' with digits 1 normal, 2 channels, 3 resolution, "
                "4 both, one to three channel doublings and one to four downsamplings, "
                f"e.g. '64-{'224131'[: self.max_modules]}-basic'."
            )
        return vector

    def index(self, architectures: ArrayLike) -> NDArray[np.int64]:
        """Return the position ``(N,)`` of each network in the sorted list of padded digits."""
        batch = np.asarray(architectures, dtype=np.int64)
        return np.asarray(self._lookup[batch @ self._powers], dtype=np.int64)

    def from_index(self, indices: ArrayLike) -> Architecture:
        """Return the networks ``(N, num_positions)`` with the given indices."""
        numbers = np.asarray(indices, dtype=np.int64)
        if ((numbers < 0) | (numbers >= self.size)).any():
            raise InvalidArchitectureError(f"{self.name} has indices 0…{self.size - 1}.")
        return self._all[numbers]

    def graph(self, architecture: ArrayLike) -> ArchitectureGraph:
        """Return the chain of modules."""
        vector = self.check(architecture)
        depth = int((vector > 0).sum())
        return ArchitectureGraph(
            num_nodes=depth + 1,
            edges=self.positions[:depth],
            operations=tuple(self.operations[o] for o in vector[:depth]),
            input_node=0,
            output_node=depth,
        )
