import dataclasses

import numpy as np
import pytest

from rlnas.datasets.rooms import Rooms, generate_rooms


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
