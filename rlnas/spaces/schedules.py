"""The space of regularisation schedules of one network: what each part is asked for, and when."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rlnas.errors import InvalidArchitectureError, InvalidArgumentError
from rlnas.plain import whole
from rlnas.spaces.base import Architecture
from rlnas.spaces.dense import DenseSpace
from rlnas.spaces.graph import ArchitectureGraph
from rlnas.spaces.mixed import MixedSpace

PENALTIES = ("l1", "l2", "group", "orthogonality", "activity", "distance", "smoothness")
"""What a part may be asked for, by the names of `rlnas.training.regularisation`."""

LEVELS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
"""From no effect to more than one wants: with 1 a fixed group penalty leaves little of a layer."""
SCALES = {"l2": 10.0, "distance": 10.0}
"""What a level of a penalty is multiplied by; 1 for others. Then equal levels are about equally
strong in a training of some hundred steps: l1 and group take a constant off, these a share."""
RECONSTRUCTION = "reconstruction"
_MOST_OPERATIONS = 127


@dataclass(frozen=True)
class PartSchedule:
    """What one part of a network is asked for.

    Attributes:
        part: Its name; `RECONSTRUCTION` for the reconstruction of the input.
        penalty: One of `PENALTIES`, or `RECONSTRUCTION`.
        levels: Its level at evenly spaced times of the training, ``(knots,)``.
    """

    part: str
    penalty: str
    levels: tuple[float, ...]

    @property
    def strengths(self) -> tuple[float, ...]:
        """Its strength λ at these times: the level times the penalty's scale, see `SCALES`."""
        return tuple(SCALES.get(self.penalty, 1.0) * level for level in self.levels)


class ScheduleSpace(MixedSpace):
    """Schedules of regularisation for one dense network.

    For each part of the network (its layers and its head) a point chooses a penalty, and its level
    at evenly spaced times of the training, between which it changes linearly; so a vector of λ by
    layer, as in the genetic search GA-REG of Potanin, Vayser & Strijov (arXiv 2406.12992), is the
    case of one knot. What the paper's regularisers and levels are is not public; these are ours,
    and a level is multiplied by the scale of its penalty (`SCALES`). Where all levels of a part are
    0 its penalty does not matter, and the canonical form has the first.

    The official string lists the parts, ``PENALTY-LEVEL-…``, joined by ``_``; the last is the
    reconstruction of the input, where it takes part.

    Args:
        network: Official string of the network, of ``base``; None: every layer of the middle width
            with the first activation.
        base: The network's space; None: the default `DenseSpace`.
        penalties: Some of `PENALTIES`, distinct.
        levels: Levels to choose from, ascending, the first of them 0.
        knots: Times, 1 or more; with one, strengths are constant.
        reconstruction: Whether the input's reconstruction from the first layer takes part.
        name: Name of the space.

    Raises:
        InvalidArgumentError: If an argument is outside its range.
        InvalidArchitectureError: If the network is none of ``base``.

    Example:
        >>> space = ScheduleSpace("16-relu_identity_identity", knots=2)
        >>> space.parts, space.size
        (('layer-1', 'head'), 11664)
        >>> space.parse("group-0-0.1_l2-0.03-0.03").tolist()
        [2, 3, 6, 1, 5, 5]
    """

    def __init__(
        self,
        network: str | None = None,
        *,
        base: DenseSpace | None = None,
        penalties: Sequence[str] = ("l1", "l2", "group"),
        levels: Sequence[float] = LEVELS,
        knots: int = 3,
        reconstruction: bool = False,
        name: str = "schedules",
    ) -> None:
        self.name = name
        self.base = DenseSpace() if base is None else base
        self.network = self.base.format(
            self.base.parse(middle_network(self.base) if network is None else network)
        )
        self.knots = whole(knots, f"{name}: knots", 1)
        self.penalties = tuple(penalties)
        unknown = [penalty for penalty in self.penalties if penalty not in PENALTIES]
        if unknown or not self.penalties or len(set(self.penalties)) != len(self.penalties):
            raise InvalidArgumentError(
                f"{name}: penalties are {list(penalties)}; expected distinct ones of "
                f"{', '.join(PENALTIES)}."
            )
        self.levels = tuple(float(level) for level in levels)
        if (
            len(self.levels) < 2
            or self.levels[0] != 0
            or not all(np.isfinite(self.levels))
            or any(b <= a for a, b in zip(self.levels, self.levels[1:], strict=False))
        ):
            raise InvalidArgumentError(
                f"{name}: levels are {list(levels)}; expected 0 and then larger numbers, ascending."
            )
        texts = tuple(f"{level:g}" for level in self.levels)
        self.operations = (*self.penalties, *texts)
        if len(set(self.operations)) != len(self.operations) or any("e" in t for t in texts):
            raise InvalidArgumentError(
                f"{name}: levels are {list(levels)}; expected ones that differ in six digits and "
                "are above 0.0001."
            )
        if len(self.operations) > _MOST_OPERATIONS:
            raise InvalidArgumentError(
                f"{name}: {len(self.levels)} levels are too many; expected "
                f"{_MOST_OPERATIONS - len(self.penalties)} or fewer."
            )
        own = self.base.parts(self.base.parse(self.network))
        self.parts = (*own, *((RECONSTRUCTION,) if reconstruction else ()))
        pairs: list[tuple[int, int]] = []
        low: list[int] = []
        count: list[int] = []
        first = len(self.penalties)
        lengths = [self.knots + (part != RECONSTRUCTION) for part in self.parts]
        output = 1 + sum(length - 1 for length in lengths)
        node = 1
        # Each part is a path of its own from the input to the output: its penalty, then its knots.
        for part, length in zip(self.parts, lengths, strict=True):
            tails = [0, *range(node, node + length - 1)]
            pairs += zip(tails, [*tails[1:], output], strict=True)
            node += length - 1
            if part != RECONSTRUCTION:
                low.append(0)
                count.append(first)
            low += [first] * self.knots
            count += [len(self.levels)] * self.knots
        self.positions = np.array(pairs, dtype=np.int64)
        self._output = output
        self.set_ranges(low, count)

    def part_schedules(self, architecture: ArrayLike) -> tuple[PartSchedule, ...]:
        """Return what each part is asked for, in order."""
        names = [self.operations[operation] for operation in self.check(architecture)]
        found = []
        for part in self.parts:
            penalty = RECONSTRUCTION if part == RECONSTRUCTION else names.pop(0)
            levels = tuple(float(names.pop(0)) for _ in range(self.knots))
            found.append(PartSchedule(part, penalty, levels))
        return tuple(found)

    def format(self, architecture: ArrayLike) -> str:
        """Return the official string."""
        return "_".join(
            "-".join([own.penalty, *(f"{level:g}" for level in own.levels)])
            for own in self.part_schedules(architecture)
        )

    def parse(self, text: str) -> Architecture:
        """Return the vector of an official string."""
        parts = text.strip().split("_")
        if len(parts) != len(self.parts):
            raise self._no_schedule(text, f"it has {len(parts)} parts, not {len(self.parts)}")
        vector = []
        for part, given in zip(self.parts, parts, strict=True):
            penalty, *levels = given.split("-")
            known = (RECONSTRUCTION,) if part == RECONSTRUCTION else self.penalties
            if penalty not in known:
                raise self._no_schedule(text, f"{part} has {penalty!r}, none of {', '.join(known)}")
            texts = self.operations[len(self.penalties) :]
            if len(levels) != self.knots or any(level not in texts for level in levels):
                raise self._no_schedule(
                    text, f"{part} needs {self.knots} levels of {', '.join(texts)}"
                )
            vector += [] if part == RECONSTRUCTION else [self.operations.index(penalty)]
            vector += [self.operations.index(level) for level in levels]
        return np.array(vector, dtype=np.int8)

    def _no_schedule(self, text: str, why: str) -> InvalidArchitectureError:
        return InvalidArchitectureError(
            f"{text!r} is no schedule of {self.name}: {why}. Expected one such as "
            f"{self.format(self.from_example())!r}."
        )

    def clear_dead(self, architecture: ArrayLike) -> Architecture:
        """Return the schedule with the first penalty wherever all levels are 0."""
        vector = self.check(architecture)
        place = 0
        for own in self.part_schedules(vector):
            if own.penalty != RECONSTRUCTION:
                if not any(own.levels):
                    vector[place] = 0
                place += 1
            place += self.knots
        return vector

    def canonical_key(self, architecture: ArrayLike) -> Hashable:
        """Return a key that schedules share exactly if they ask for the same."""
        return self.clear_dead(architecture).tobytes()

    def graph(self, architecture: ArrayLike) -> ArchitectureGraph:
        """Return a path for each part: its penalty, then its strengths in the order of time."""
        vector = self.check(architecture)
        return ArchitectureGraph(
            num_nodes=self._output + 1,
            edges=self.positions.copy(),
            operations=tuple(self.operations[operation] for operation in vector),
            input_node=0,
            output_node=self._output,
        )


def middle_network(space: DenseSpace) -> str:
    """Return the network whose layers all have the middle width and the first activation."""
    layer = f"{space.widths[len(space.widths) // 2]}-{space.activations[0]}"
    return "_".join([layer] * space.depth)
