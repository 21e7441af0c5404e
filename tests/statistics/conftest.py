"""Samples, and what is asked of SciPy."""

import numpy as np
import pytest
from scipy import stats


@pytest.fixture
def calls(monkeypatch):
    """Number of rows in each call of SciPy's bootstrap."""
    made, bootstrap = [], stats.bootstrap

    def counted(data, *args, **kwargs):
        made.append(len(data[0]))
        return bootstrap(data, *args, **kwargs)

    monkeypatch.setattr(stats, "bootstrap", counted)
    return made


@pytest.fixture
def drawn():
    """Log-normal samples of the sizes given."""

    def draw(sizes, seed=0):
        rng = np.random.default_rng(seed)
        return [(rng.lognormal(size=n),) for n in sizes]

    return draw
