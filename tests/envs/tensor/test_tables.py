"""The tables on a device hold what spaces and tasks say."""

import numpy as np
import pytest
import torch

from rlnas.benchmarks import synthetic_suite
from rlnas.envs import TableScorer
from rlnas.envs.tensor import TaskTables
from rlnas.envs.tensor.visited import bit_places
from rlnas.errors import InvalidArgumentError, LeakageError
from rlnas.spaces import get_space


@pytest.fixture(scope="module")
def suite():
    """Three tasks on the macro space, the one with illegal edits."""
    return synthetic_suite(get_space("transnas-macro"), num_tasks=3)


def test_a_row_belongs_to_its_task_and_architecture(suite):
    tasks = list(suite.values())
    tables = TaskTables(tasks, "log-rank")
    space = tasks[0].space
    scores = [TableScorer(task, "log-rank").table for task in tasks]
    np.testing.assert_array_equal(tables.scores.numpy(), np.concatenate(scores))
    offsets = tables.offsets(torch.tensor([2, 0, 1]))
    assert offsets.tolist() == [2 * space.size, 0, space.size]
    assert tables.scores[offsets + 7].tolist() == [scores[t][7] for t in (2, 0, 1)]


def test_edits_are_those_of_the_space(suite):
    tables = TaskTables([suite["synthetic-1"]], "log-rank")
    space = tables.space
    edits, rng = space.num_actions, np.random.default_rng(0)
    table = TableScorer(suite["synthetic-1"], "log-rank").table
    positions, operations = space.num_positions, space.num_operations
    assert not space.legal.all()
    for index in rng.integers(space.size, size=50):
        vector = space.arrays[index]
        legal = space.action_mask(vector[None])[0]
        after = space.index(space.edit(np.repeat(vector[None], edits, 0), np.arange(edits)))
        np.testing.assert_array_equal(tables.next_index[index].numpy(), [*after, index])
        reached = np.where(legal, after, space.size)
        places = bit_places(torch.from_numpy(reached))
        assert torch.equal(tables.neighbours[index], places)
        change = np.sign(table[after] - table[index]) * legal
        np.testing.assert_array_equal(tables.gain[index].numpy(), change)
        one_hot = np.eye(operations)[vector].reshape(positions * operations)
        expected = np.concatenate([one_hot, legal])
        np.testing.assert_array_equal(tables.features[index].numpy(), expected)


def test_the_tables_are_copies(suite):
    task = suite["synthetic-0"]
    tables = TaskTables([task], "log-rank")
    before = task.space.next_index.copy()
    tables.next_index.fill_(0)
    np.testing.assert_array_equal(task.space.next_index, before)


def test_mistakes_are_explained(suite):
    other = synthetic_suite(num_tasks=1)["synthetic-0"]
    with pytest.raises(InvalidArgumentError, match="2 search spaces"):
        TaskTables([suite["synthetic-0"], other], "log-rank")
    with pytest.raises(InvalidArgumentError, match="0 search spaces"):
        TaskTables([], "log-rank")


def test_the_target_of_a_running_search_gives_no_table(suite):
    task = suite["synthetic-0"]
    with task.sealed(), pytest.raises(LeakageError):
        TaskTables([task], "log-rank")
