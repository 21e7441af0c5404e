"""The synthetic suite, on which the checks are checked."""

import pytest

from rlnas.benchmarks import load_suite


@pytest.fixture(scope="session")
def synthetic():
    """The synthetic suite."""
    return load_suite("synthetic-micro")


@pytest.fixture(scope="session")
def task(synthetic):
    """Its first task."""
    return synthetic["synthetic-0"]
