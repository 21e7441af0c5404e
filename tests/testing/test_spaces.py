"""The checks of spaces catch broken ones."""

import numpy as np
import pytest

from rlnas.spaces import CellSpace
from rlnas.testing import ConformanceError, check_space

EDGES = [(0, 1), (0, 2), (1, 2)]
OPERATIONS = ["none", "skip", "conv"]


class ReversedStrings(CellSpace):
    def parse(self, text):
        return super().parse(text)[::-1].copy()


class LossyStrings(CellSpace):
    def format(self, architecture):
        return super().format(architecture).replace("conv", "skip")


class NoOpIsLegal(CellSpace):
    def _compute_mask(self, current):
        return np.ones((len(current), self.num_actions), dtype=bool)


class EditsInPlace(CellSpace):
    def edit(self, architectures, actions):
        edited = super().edit(architectures, actions)
        architectures[:] = edited
        return edited


class OwnRandomness(CellSpace):
    def sample(self, n, rng):
        return super().sample(n, np.random.default_rng())


class FarMutation(CellSpace):
    def mutate(self, architectures, rng):
        return (np.asarray(architectures) + 1) % self.num_operations


class WrongIndex(CellSpace):
    def index(self, architectures):
        return super().index(np.asarray(architectures)[:, ::-1])


class ShiftedCanonical(CellSpace):
    def canonical(self, architecture):
        return (np.asarray(architecture) + 1) % 3


class DeadEnd(CellSpace):
    def construction_mask(self, prefixes, position):
        mask = super().construction_mask(prefixes, position)
        mask[:, 0] = False
        return mask


class LenientCheck(CellSpace):
    def check(self, architecture):
        return np.asarray(architecture, dtype=np.int8)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (ReversedStrings, "parse"),
        (LossyStrings, r"parse\(format"),
        (NoOpIsLegal, "action_mask"),
        (EditsInPlace, r"edit\(\)"),
        (OwnRandomness, "depends on more than its generator"),
        (FarMutation, "no neighbour"),
        (WrongIndex, r"index\(\) does not undo"),
        (ShiftedCanonical, "canonical"),
        (DeadEnd, "forbids a step"),
        (LenientCheck, "check"),
    ],
)
def test_broken_space_is_caught(broken, message):
    space = broken("broken", EDGES, OPERATIONS, none="none", identity="skip")
    with pytest.raises(ConformanceError, match=message):
        check_space(space)


def test_unbroken_twin_passes():
    check_space(CellSpace("sound", EDGES, OPERATIONS, none="none", identity="skip"))
