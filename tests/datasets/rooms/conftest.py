import dataclasses

import numpy as np
import pytest

from rlnas.datasets.rooms import Rooms, generate_rooms
from rlnas.datasets.rooms.draws import uniform_rows
from rlnas.datasets.rooms.scene import draw_scenes


@pytest.fixture(scope="session")
def rooms():
    return generate_rooms(256, seed=11, split="valid")


@pytest.fixture(scope="session")
def same():
    """Whether two sets of rooms are equal to the last bit."""

    def compare(first, second):
        names = [field.name for field in dataclasses.fields(Rooms)]
        return all(np.array_equal(getattr(first, n), getattr(second, n)) for n in names)

    return compare


@pytest.fixture(scope="session")
def scenes():
    """Twelve scenes to light and shade."""
    return draw_scenes(uniform_rows(5, "look", np.arange(12), np.zeros(12, dtype=int)))


@pytest.fixture(scope="session")
def inside():
    """Return whether points are inside the unit part, straight from its definition."""

    def inside(kind, profile, x, y, z):
        p, q, r = profile
        if kind:
            return (x * x + z * z <= p + q * y + r * y * y) & (np.abs(y) <= 1)
        return (np.maximum(np.abs(x), np.abs(z)) <= p - q * y) & (np.abs(y) <= 1)

    return inside
