"""Objectives that take several queries at once, for searchers with some in flight."""

import math

import numpy as np
import pytest

from rlnas.tasks import Evaluation, Metric


class Rugged:
    """Scores that leave every searcher something to climb; a fourth of the evaluations fail."""

    metric = Metric(name="rugged")

    def evaluate(self, architecture):
        weights = np.arange(1, len(architecture) + 1) * 7
        number = int(architecture.astype(int) @ weights % 23)
        if number % 5 == 0:
            raise RuntimeError("lost")
        return Evaluation(math.nan if number == 11 else float(number), cost=1.0 + number % 3)


class Several(Rugged):
    """The same, several at once; it keeps what it was handed."""

    def __init__(self, in_flight):
        self.in_flight = in_flight
        self.batches = []

    def evaluate_many(self, architectures):
        self.batches.append(architectures)
        for architecture in architectures:
            try:
                yield self.evaluate(architecture)
            except RuntimeError as error:
                yield Evaluation(math.nan, error=str(error))


class Smooth(Several):
    """More is better, and no two are equal; several at once."""

    def evaluate(self, architecture):
        return Evaluation(float(architecture @ 4 ** np.arange(len(architecture))), cost=1.0)


@pytest.fixture
def rugged():
    """Return the class `Rugged`."""
    return Rugged


@pytest.fixture
def several():
    """Return the class `Several`."""
    return Several


@pytest.fixture
def smooth():
    """Return the class `Smooth`."""
    return Smooth
