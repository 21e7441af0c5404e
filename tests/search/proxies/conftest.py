"""Tasks with proxies: one that is good, one that is noise."""

import numpy as np
import pytest

from rlnas.spaces import get_space
from rlnas.tasks import make_task

MICRO = get_space("transnas-micro")


@pytest.fixture
def proxied():
    """Return a function that makes a task with proxies, each mapped by a function."""

    def make(change=lambda column: column, **options):
        rng = np.random.default_rng(0)
        scores = (MICRO.arrays == 3) @ np.array([6.0, 5, 4, 3, 2, 1]) + rng.normal(size=MICRO.size)
        proxies = {
            "good": scores + 0.5 * rng.normal(size=MICRO.size),
            "noise": rng.normal(size=MICRO.size),
            "against": -scores + 0.5 * rng.normal(size=MICRO.size),
        }
        proxies["noise"][:50] = np.nan
        return make_task(
            MICRO,
            lambda vector: float(scores[MICRO.index(vector[None])[0]]),
            pass_as="vector",
            proxies={name: change(column) for name, column in proxies.items()},
            **options,
        )

    return make
