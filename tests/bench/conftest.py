"""One thread, so that ratios hold on a busy machine, and a task that needs no data."""

import pytest

from rlnas.bench import torch_threads
from rlnas.benchmarks import synthetic_suite


@pytest.fixture(scope="module", autouse=True)  # before other fixtures of the module
def _one_thread():
    with torch_threads(1):
        yield


@pytest.fixture(scope="session")
def task():
    return synthetic_suite()["synthetic-0"]
