"""The cell space of NAS-Bench-201 (Dong & Yang, ICLR 2020, arXiv 2001.00326): 15,625 cells."""

from __future__ import annotations

import re

from numpy.typing import ArrayLike

from rlnas.errors import InvalidArchitectureError
from rlnas.spaces.base import Architecture
from rlnas.spaces.canonical import Pooling
from rlnas.spaces.cell import CellSpace

_PATTERN = re.compile(
    r"\|([^|~]+)~0\|\+\|([^|~]+)~0\|([^|~]+)~1\|\+\|([^|~]+)~0\|([^|~]+)~1\|([^|~]+)~2\|"
)


class NASBench201Space(CellSpace):
    """Four nodes, six edges, five operations.

    The official string ``|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`` lists, for the second to the fourth
    node, the operation from each earlier node. The encoding follows the string: edges 0→1, 0→2,
    1→2, 0→3, 1→3, 2→3.

    Args:
        pooling: Which average pools the canonical form merges: none (``apart``, 5,425 classes),
            those of equal inputs (``equal``, 5,260), or also a pool of a sum with the sum of pools
            (``linear``, 5,044). The benchmark trained every cell by itself.

    Example:
        >>> space = NASBench201Space()
        >>> space.format([3, 1, 0, 2, 4, 1])
        '|nor_conv_3x3~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|skip_connect~2|'
    """

    def __init__(self, pooling: Pooling = "apart") -> None:
        super().__init__(
            "nasbench-201",
            [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)],
            ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"],
            none="none",
            identity="skip_connect",
            pools=["avg_pool_3x3"],
            pooling=pooling,
        )

    def format(self, architecture: ArrayLike) -> str:
        """Return the official string."""
        a, b, c, d, e, f = (self.operations[o] for o in self.check(architecture))
        return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"

    def parse(self, text: str) -> Architecture:
        """Return the vector of an official string."""
        match = _PATTERN.fullmatch(text.strip())
        if match is None:
            raise InvalidArchitectureError(
                f"{text!r} is not a NAS-Bench-201 string; expected "
                "'|op~0|+|op~0|op~1|+|op~0|op~1|op~2|' with op one of "
                f"{', '.join(self.operations)}."
            )
        return self._from_names(match.groups(), text)
