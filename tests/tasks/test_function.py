"""A user's function as a task: what it may return, how it fails, how long it may take."""

import math
import os
import time

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.spaces import get_space
from rlnas.tasks import Evaluation, make_task
from rlnas.testing import check_task

SPACE = get_space("transnas-micro")
VECTOR = SPACE.parse("64-41414-3_32_132")


def ask(function, **options):
    return make_task(SPACE, function, **options).ledger(1).query(VECTOR)


def test_the_function_gets_the_official_string():
    assert ask(lambda text: float(text == "64-41414-3_32_132")).score == 1.0


def test_the_function_gets_the_vector_when_asked_for():
    got = []
    assert ask(lambda vector: got.append(vector) or 1.5, pass_as="vector").score == 1.5
    assert got[0].dtype == np.int8
    assert got[0].tolist() == VECTOR.tolist()


def test_a_minimised_metric_is_negated_once():
    task = make_task(SPACE, lambda text: {"score": 2.5, "cost": 7}, metric="loss", direction="min")
    evaluation = task.ledger(1).query(VECTOR)
    assert (evaluation.score, evaluation.cost) == (-2.5, 7.0)
    assert task.metric.sign * evaluation.score == 2.5
    assert (task.metric.name, task.metric.direction) == ("loss", "min")


def test_a_mapping_brings_cost_and_other_numbers():
    evaluation = ask(lambda text: {"score": 1, "cost": 3, "latency": 0.5})
    assert (evaluation.score, evaluation.cost, evaluation.metrics) == (1.0, 3.0, {"latency": 0.5})


def test_equivalent_architectures_share_an_evaluation_if_the_user_says_so():
    calls = []
    same = [SPACE.parse(f"64-41414-0_00_3{dead}0") for dead in "012"]
    for canonical_free, expected in ((False, 3), (True, 1)):
        calls.clear()
        task = make_task(SPACE, lambda s: calls.append(s) or 1.0, canonical_free=canonical_free)
        task.ledger(3).query_many(same)
        assert len(calls) == expected


def test_an_evaluation_is_taken_as_it_is():
    made = Evaluation(0.25, 9.0, None, {"params": 3.0})
    assert ask(lambda text: made) is made


def test_a_number_costs_its_wall_clock():
    evaluation = ask(lambda text: time.sleep(0.05) or 1.0)
    assert 0.05 <= evaluation.cost < 5


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda text: 1 / 0, "ZeroDivisionError"),
        (lambda text: {"accuracy": 1.0}, "without 'score'"),
        (lambda text: None, "score is None; expected a number"),
        (lambda text: "good", "score is 'good' (str); expected a number"),
        (lambda text: math.nan, "score is nan"),
        (lambda text: np.float32(np.inf), "score is inf"),
        (lambda text: {"score": math.nan, "cost": 5.0}, "score is nan"),
    ],
)
def test_failures_are_recorded(function, message):
    evaluation = ask(function)
    assert evaluation.failed
    assert message in evaluation.error
    assert math.isnan(evaluation.score)


class TestTimeout:
    """Evaluations in a process of their own."""

    def test_a_quick_one_passes(self):
        evaluation = ask(lambda text: {"score": len(text), "cost": 2}, timeout=60)
        assert (evaluation.score, evaluation.cost) == (17.0, 2.0)

    def test_a_slow_one_is_killed_and_recorded(self):
        start = time.perf_counter()
        evaluation = ask(lambda text: time.sleep(60), timeout=0.3)
        assert time.perf_counter() - start < 20
        assert evaluation.failed
        assert "timeout after 0.3 s" in evaluation.error
        assert evaluation.cost >= 0.3

    def test_an_exception_comes_back(self):
        assert "ZeroDivisionError" in ask(lambda text: 1 / 0, timeout=60).error

    def test_a_crash_of_the_process_is_a_failure(self):
        assert "exit code 3" in ask(lambda text: os._exit(3), timeout=60).error

    def test_what_cannot_be_sent_back_is_a_failure(self):
        assert ask(lambda text: {"score": lambda: 1}, timeout=60).failed

    def test_spawned_processes_work(self):
        assert ask(len, timeout=120, start_method="spawn").score == 17.0

    @pytest.mark.parametrize("timeout", [0, -1, math.nan])
    def test_wrong_timeouts_are_refused(self, timeout):
        with pytest.raises(InvalidArgumentError, match="timeout"):
            make_task(SPACE, len, timeout=timeout)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(InvalidArgumentError, match="must be a function"):
        make_task(SPACE, 3.0)


def test_a_wrong_direction_is_refused():
    with pytest.raises(InvalidArgumentError, match="direction"):
        make_task(SPACE, len, direction="up")


def test_it_conforms():
    check_task(make_task(SPACE, lambda text: float(text.count("3"))))
    check_task(make_task(SPACE, lambda text: 1 / 0))
