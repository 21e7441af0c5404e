"""Rates are steps by seconds, contenders take turns, and rows say what was measured."""

import json
import time

import pytest

from rlnas.bench import (
    Contender,
    Rate,
    compare,
    race,
    spread,
    time_in_turns,
)
from rlnas.errors import InvalidArgumentError


def test_contenders_take_turns_after_a_warm_up():
    order = []

    def work(name, steps):
        def run():
            order.append(name)
            return steps

        return run

    contenders = [
        Contender("a", 4, work("a", 100), key="first"),
        Contender("b", 1, work("b", 1), warm_up=work("warm b", 0)),
    ]
    rates = race(contenders, seconds=1e-9, repeats=3)
    assert order == ["a", "warm b", *["a", "b"] * 3]
    assert [len(r.repeats) for r in rates] == [3, 3]
    row = rates[0].to_dict()
    assert (row["key"], row["name"], row["num_envs"], row["device"]) == ("first", "a", 4, "cpu")
    rate = row["steps_per_second"]
    assert rate["min"] <= rate["median"] <= rate["max"]
    assert sorted(rate["repeats"])[1] == rate["median"]


def test_rates_are_steps_by_seconds():
    def run():
        time.sleep(0.01)
        return 50

    rate = race([Contender("sleeper", 1, run)], seconds=0.05, repeats=1)[0]
    assert 1000 < rate.median <= 5000


@pytest.mark.parametrize(("seconds", "repeats"), [(0, 1), (float("nan"), 1), (1, 0)])
def test_impossible_settings(seconds, repeats):
    with pytest.raises(InvalidArgumentError, match="expected"):
        race([], seconds=seconds, repeats=repeats)


def test_the_first_is_compared_with_each_other():
    rates = [
        Rate("ours", 1, (90.0, 100.0, 300.0), "ours"),
        Rate("slow", 1, (10.0, 10.0), "slow"),
        Rate("fast", 8, (200.0,), "fast", "cuda"),
    ]
    result = compare(rates)
    assert result["times_faster"] == {"slow": 10.0, "fast": 0.5}
    assert [row["key"] for row in result["rows"]] == ["ours", "slow", "fast"]
    assert result["rows"][2]["device"] == "cuda"
    assert json.loads(json.dumps(result)) == result


def test_spread():
    expected = {"median": 2.0, "min": 1.0, "max": 5.0, "repeats": [5.0, 1.0, 2.0]}
    assert spread([5.0, 1.0, 2.0]) == expected


def test_jobs_take_turns_and_are_timed(monkeypatch):
    order, clock = [], [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])

    def job(name, seconds):
        order.append(name)
        clock[0] += seconds

    jobs = {"long": lambda: job("long", 2.0), "short": lambda: job("short", 0.5)}
    seconds = time_in_turns(jobs, 2)
    assert order == ["long", "short"] * 2
    assert seconds == {"long": [2.0, 2.0], "short": [0.5, 0.5]}
    with pytest.raises(InvalidArgumentError, match="repeats is 0"):
        time_in_turns(jobs, 0)
