"""How many steps of an episode the guide takes."""

import numpy as np
import pytest

from rlnas.seeding import generator
from rlnas.tasks import Budget
from rlnas.transfer.methods.jump_start_horizon import RandomHorizon, ShrinkingHorizon, stages_within


@pytest.mark.parametrize(
    ("queries", "stages"), [(1, 1), (21, 1), (42, 1), (50, 2), (210, 9), (231, 10), (5000, 10)]
)
def test_there_are_as_many_stages_as_the_budget_has_room_for(queries, stages):
    assert stages_within(Budget(queries=queries), 21, 10) == stages
    assert stages_within(Budget(cost=1.0), 21, 10) == 10


def run_episodes(horizon, ledger, architectures_of_episodes):
    """Play episodes that query these architectures; return the guide's steps of each."""
    horizon.begin()
    steps = []
    for episode in architectures_of_episodes:
        steps.append(horizon.steps)
        acted = []
        for number, architecture in enumerate(episode):
            acted.append(horizon.guided)
            ledger.query(architecture)
            horizon.after_step(number == len(episode) - 1)
        assert acted == [number < steps[-1] for number in range(len(episode))]
    return [*steps, horizon.steps]


def test_the_guides_part_shrinks_while_returns_stay_good(synthetic):
    task = synthetic["synthetic-1"]
    good = task.space.arrays[np.argsort(-task.scores)]
    ledger = task.ledger(1000)
    horizon = ShrinkingHorizon(8, 4, tolerance=0.5, window=1, ledger=ledger)
    # Episodes as good as each other: architectures dealt out in turn.
    assert run_episodes(horizon, ledger, [good[k:48:6] for k in range(5)]) == [8, 6, 4, 2, 0, 0]
    assert horizon.stage == 4


def dealt(task, *ranks):
    """Return an episode of the architectures of these ranks, 0 the best."""
    return task.space.arrays[np.argsort(-task.scores)[list(ranks)]]


def test_the_guides_part_stays_where_returns_fall(synthetic):
    task = synthetic["synthetic-1"]
    ledger = task.ledger(1000)
    horizon = ShrinkingHorizon(4, 4, tolerance=0.1, window=1, ledger=ledger)
    falling = [dealt(task, *range(k, k + 8)) for k in (500, 1000, 2000)]
    # The first episode is the best so far; the second and third fall behind it.
    assert run_episodes(horizon, ledger, falling) == [4, 3, 3, 3]
    better = [dealt(task, *range(8))]
    assert run_episodes(horizon, ledger, better) == [3, 2]
    slack = task.ledger(1000)
    lenient = ShrinkingHorizon(4, 4, tolerance=10.0, window=1, ledger=slack)
    assert run_episodes(lenient, slack, falling) == [4, 3, 2, 1]


def test_the_moving_average_forgives_a_single_bad_episode(synthetic):
    task = synthetic["synthetic-1"]
    poor, good, middling = (dealt(task, *range(k, k + 8)) for k in (2000, 0, 1000))
    stages = {}
    for window in (1, 2):
        ledger = task.ledger(100)
        horizon = ShrinkingHorizon(4, 4, tolerance=0.1, window=window, ledger=ledger)
        run_episodes(horizon, ledger, [poor, good, middling])
        stages[window] = horizon.stage
    assert stages == {1: 2, 2: 3}


def test_random_horizons_are_uniform_below_the_length():
    horizon = RandomHorizon(4, generator(0, "test"))
    horizon.begin()
    drawn = []
    for _ in range(800):
        drawn.append(horizon.steps)
        horizon.after_step(True)
    counts = np.bincount(drawn)
    assert len(counts) == 4
    assert counts.min() > 150
