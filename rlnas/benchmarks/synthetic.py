"""Synthetic suites: smooth random landscapes whose tasks correlate as chosen.

They stand in for measured results in tests and where no table can be had. Nothing in them was
measured, and names, metric and description say so.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from rlnas.errors import InvalidArgumentError
from rlnas.seeding import generator
from rlnas.spaces import SearchSpace, get_space
from rlnas.tasks import Metric, Suite, TabularTask

_TEST_NOISE = 0.05
_METRIC = Metric(
    name="synthetic_score",
    unit="standard deviations",
    direction="max",
    split="valid",
    epoch_policy="final",
    note="synthetic: drawn at random, not measured",
)


def synthetic_suite(
    space: SearchSpace | None = None,
    num_tasks: int = 4,
    correlation: float = 0.6,
    *,
    noise: float = 0.1,
    interaction: float = 0.3,
    seed: int = 0,
) -> Suite[TabularTask]:
    """Return tasks that are random landscapes on a search space.

    A landscape is a random field over architectures: an effect of each operation at each position,
    plus an effect of each pair of operations at each pair of positions, plus independent noise.
    Covariance so falls with the Hamming distance, as it does in measured tables. Each task is
    ``sqrt(correlation)`` times a landscape that all tasks share plus ``sqrt(1 − correlation)``
    times one of its own; the landscapes are made orthogonal over the space first, so every pair of
    tasks has the chosen Pearson correlation exactly. Scores have mean 0 and standard deviation 1.

    A task has costs too, between 30 and 270 seconds, the same for all tasks but for a factor, and
    test scores, which are the scores plus normal noise of standard deviation 0.05.

    Args:
        space: An indexable search space; ``transnas-micro`` by default.
        num_tasks: Number of tasks, 1 or more, named ``synthetic-0``, ``synthetic-1``, ….
        correlation: Pearson correlation between the scores of any two tasks, 0…1.
        noise: Share of a landscape's variance that is independent noise, 0…1.
        interaction: Share of the rest that is pairwise interactions, 0…1.
        seed: Seed of the landscapes.

    Returns:
        The suite ``synthetic-micro``, or ``synthetic-<space>`` on another space.

    Raises:
        InvalidArgumentError: If an argument is outside its range.
    """
    space = space or get_space("transnas-micro")
    for name, value in (
        ("correlation", correlation),
        ("noise", noise),
        ("interaction", interaction),
    ):
        if not 0 <= value <= 1:
            raise InvalidArgumentError(f"{name} is {value}; expected 0…1.")
    if not 1 <= num_tasks <= space.size - 2:
        raise InvalidArgumentError(
            f"num_tasks is {num_tasks}; expected 1…{space.size - 2} on {space.name}."
        )
    arrays = space.arrays.astype(np.int64)
    rng = generator(seed, "synthetic", space.name)
    fields = np.stack(
        [
            _landscape(arrays, space.num_operations, noise, interaction, rng)
            for _ in range(num_tasks + 1)
        ],
        axis=1,
    )
    shared, *own = _orthonormal(fields).T
    seconds = _seconds(arrays, space.num_operations, rng)
    name = f"synthetic-{space.name.removeprefix('transnas-')}"
    tasks = {}
    for i, field in enumerate(own):
        scores = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * field
        tasks[f"synthetic-{i}"] = TabularTask(
            f"{name}/synthetic-{i}",
            space,
            scores,
            _METRIC,
            costs=seconds * rng.uniform(0.5, 1.5),
            test_scores=scores + _TEST_NOISE * rng.normal(size=space.size),
        )
    return Suite(
        name,
        tasks,
        description=f"Synthetic landscapes on {space.name}, drawn at random and not measured; "
        f"correlation {correlation:g} between tasks.",
    )


def _landscape(
    arrays: NDArray[np.int64],
    operations: int,
    noise: float,
    interaction: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return one random field ``(size,)`` of variance about 1."""
    positions = np.arange(arrays.shape[1])
    effects = rng.normal(size=(len(positions), operations))
    additive = effects[positions, arrays].sum(axis=1)
    pairwise = np.zeros(len(arrays))
    for p, q in itertools.combinations(positions, 2):
        pairwise += rng.normal(size=(operations, operations))[arrays[:, p], arrays[:, q]]
    rough = rng.normal(size=len(arrays))
    shares = ((1 - noise) * (1 - interaction), (1 - noise) * interaction, noise)
    field = np.zeros(len(arrays))
    for share, part in zip(shares, (additive, pairwise, rough), strict=True):
        spread = part.std()
        if spread > 0:  # one position has no pairs
            field += np.sqrt(share) * (part - part.mean()) / spread
    return field


def _orthonormal(fields: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fields with mean 0, standard deviation 1 and correlation 0, ``(size, count)``."""
    basis, triangle = np.linalg.qr(fields - fields.mean(axis=0))
    if (np.abs(np.diag(triangle)) < 1e-9 * np.sqrt(len(fields))).any():
        raise InvalidArgumentError(
            f"{fields.shape[1] - 1} tasks cannot correlate as chosen on so small a space; ask for "
            "fewer tasks or for more noise."
        )
    # QR may flip a field; the sign of the diagonal turns it back.
    return np.asarray(basis * np.sign(np.diag(triangle)) * np.sqrt(len(fields)), dtype=np.float64)


def _seconds(
    arrays: NDArray[np.int64], operations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return seconds of training ``(size,)``: each operation adds its share."""
    positions = np.arange(arrays.shape[1])
    shares = rng.uniform(0.0, 2.0, size=(len(positions), operations))
    return np.asarray(60.0 * (1.0 + shares[positions, arrays].mean(axis=1)), dtype=np.float64)
