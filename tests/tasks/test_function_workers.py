"""A user's function on several workers: what goes wrong in one is a record and nothing more."""

import itertools
import math
import os
import signal
import time

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.search import get_searcher
from rlnas.spaces import get_space
from rlnas.tasks import Budget, make_task

SPACE = get_space("transnas-micro")


def number_of(vector):
    return int(SPACE.index(vector[None])[0])


def dangerous(vector):
    """Go wrong in six ways by the architecture, or score."""
    match number_of(vector) % 12:
        case 1:
            os.kill(os.getpid(), signal.SIGKILL)
        case 3:
            np.ones((1 << 62,), dtype=np.int8)
        case 5:
            return math.nan
        case 7:
            raise ValueError("diverged")
        case 9:
            time.sleep(60)
        case 11:
            os._exit(1)
    return float((vector == 3).sum())


EXPECTED = {
    1: "killed by SIGKILL (out of memory?)",
    3: "MemoryError",
    5: "score is nan",
    7: "ValueError: diverged",
    9: "timeout after 0.5 s",
    11: "exit code 1",
}


@pytest.mark.parametrize("name", ["random", "regularised-evolution", "local"])
def test_a_search_survives_all_that_can_happen_to_three_workers(name):
    task = make_task(SPACE, dangerous, pass_as="vector", timeout=0.5, workers=3)
    result = get_searcher(name).search(task, 30, seed=0)
    assert len(result.records) == 30
    assert result.options["in_flight"] == 3
    for record in result.records:
        message = EXPECTED.get(number_of(record.vector) % 12)
        assert record.evaluation.failed == (message is not None)
        assert message is None or message in record.evaluation.error
        assert 0 <= record.evaluation.cost < 10
    assert len({r.evaluation.error for r in result.records}) >= 4
    assert not result.best.evaluation.failed


def test_the_order_of_queries_is_not_that_of_finishing():
    """The later of three always ends first; the records do not show it, but the costs do."""

    def slow(vector):
        time.sleep(0.3 if number_of(vector) % 2 else 0.0)
        return float(number_of(vector))

    vectors = SPACE.from_index([1, 2, 4, 7, 8, 10])
    seen = []
    task = make_task(SPACE, slow, pass_as="vector", workers=3)
    ledger = task.ledger(6, on_query=lambda record: seen.append(record.score))
    assert [e.score for e in ledger.query_many(vectors)] == [1, 2, 4, 7, 8, 10]
    assert seen == [1, 2, 4, 7, 8, 10]
    costs = np.array([record.evaluation.cost for record in ledger])
    assert ((costs >= 0.3) == (np.array(seen) % 2 == 1)).all()
    seconds = [record.seconds for record in ledger]
    assert seconds == sorted(seconds)
    assert seconds[1] >= 0.3, "the second waits for the first to be recorded"


def test_evaluations_overlap(tmp_path):
    def begin_and_end(text):
        begun = time.monotonic()
        time.sleep(0.5)
        (tmp_path / f"{begun}").write_text(f"{begun} {time.monotonic()}")
        return 1.0

    task = make_task(SPACE, begin_and_end, workers=4)
    assert len(get_searcher("random").search(task, 8, seed=0).records) == 8
    times = sorted(tuple(map(float, f.read_text().split())) for f in tmp_path.iterdir())
    assert len(times) == 8
    assert any(begun < ended for (_, ended), (begun, _) in itertools.pairwise(times))


@pytest.mark.parametrize("name", ["random", "local", "regularised-evolution"])
def test_the_same_seed_gives_the_same_queries_whoever_ends_first(name):
    def jitter(text):
        time.sleep(0.02 * (hash((text, os.getpid())) % 3))
        return float(text.count("3"))

    task = make_task(SPACE, jitter, workers=3)
    runs = [get_searcher(name).search(task, 15, seed=4).records for _ in range(2)]
    assert [r.architecture for r in runs[0]] == [r.architecture for r in runs[1]]


def test_a_budget_in_cost_ends_a_search_with_workers():
    task = make_task(SPACE, lambda text: {"score": 1.0, "cost": 2.0}, workers=3)
    result = get_searcher("random").search(task, Budget(cost=5.0), seed=0)
    assert len(result.records) == 3
    result = get_searcher("random").search(task, Budget(cost=7.0), seed=0)
    assert len(result.records) == 6, "a round that began is finished"


def test_a_single_question_is_isolated_too():
    task = make_task(SPACE, lambda text: os.kill(os.getpid(), signal.SIGKILL), workers=2)
    assert "SIGKILL" in task.ledger(1).query(SPACE.arrays[0]).error


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_wrong_numbers_of_workers_are_refused(workers):
    with pytest.raises(InvalidArgumentError, match="workers"):
        make_task(SPACE, len, workers=workers)
