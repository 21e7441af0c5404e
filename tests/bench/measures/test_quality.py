"""Time to quality: reached, luck not counted, censored; and every contender measured."""

import dataclasses
import json

import pytest

from rlnas.bench.measures.quality import (
    measure_quality,
    run_to_quality,
    summarise_runs,
    times_faster,
)
from rlnas.bench.measures.quality_learners import (
    quality_contenders,
)
from rlnas.errors import InvalidArgumentError

STRIDE = 100


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class FakeLearner:
    """A second for each hundred steps; judging takes an hour, which must not count."""

    def __init__(self, clock):
        self.clock = clock
        self.steps = 0
        clock.now += 0.5

    def learn(self, until):
        while self.steps < until:
            self.steps += STRIDE
            self.clock.now += 1.0


def run(ranks, **limits):
    clock = Clock()

    def judged(learner, number):
        assert learner.steps == STRIDE * (number + 1)
        clock.now += 3600.0
        return ranks[min(number, len(ranks) - 1)]

    limits = {"max_steps": 1000, "max_seconds": 1000.0, **limits}
    return run_to_quality(
        lambda: FakeLearner(clock), judged, stride=STRIDE, rank=10.0, clock=clock, **limits
    )


def test_the_first_of_two_good_judgements_counts():
    result = run([50.0, 20.0, 10.0, 3.0, 99.0])
    assert result["reached"]
    assert (result["steps"], result["seconds"]) == (300, 3.5)  # half a second to begin with
    assert [p["rank"] for p in result["trajectory"]] == [50.0, 20.0, 10.0, 3.0]
    assert [p["seconds"] for p in result["trajectory"]] == [1.5, 2.5, 3.5, 4.5]


def test_luck_does_not_count():
    result = run([50.0, 9.0, 11.0, 8.0, 12.0, 7.0, 7.0])
    assert result["reached"]
    assert result["steps"] == 600


def test_given_up_after_steps_or_seconds():
    result = run([50.0])
    assert (result["reached"], result["steps"], result["seconds"]) == (False, 1000, 10.5)
    result = run([50.0], max_seconds=4.0)
    assert (result["reached"], result["steps"], result["seconds"]) == (False, 400, 4.5)
    assert len(result["trajectory"]) == 4


def test_a_good_last_judgement_is_still_confirmed():
    confirmed = run([50.0] * 9 + [9.0, 9.0])
    assert (confirmed["reached"], confirmed["steps"]) == (True, 1000)
    lucky = run([50.0] * 9 + [9.0, 11.0])
    assert (lucky["reached"], lucky["steps"]) == (False, 1100)


def runs(*seconds, given_up=()):
    return [
        {"reached": i not in given_up, "seconds": s, "steps": int(100 * s)}
        for i, s in enumerate(seconds)
    ]


def test_medians_of_censored_runs():
    everything = summarise_runs(runs(3.0, 1.0, 2.0))
    assert everything["seconds"] == {"median": 2.0, "min": 1.0, "max": 3.0}
    assert everything["steps"]["median"] == 200
    # The one that was given up early might have taken any time, so 2 of 4 remain to reach it.
    some = summarise_runs(runs(5.0, 1.0, 3.0, given_up=[0]))
    assert some["reached"] == 2
    assert some["seconds"] == {"median": 3.0, "min": 1.0, "max": 3.0}
    few = summarise_runs(runs(5.0, 1.0, 4.0, given_up=[0, 2]))
    assert few["seconds"] == {"median": None, "min": 1.0, "max": 1.0}
    assert few["seconds_at_least"] == 4.0
    none = summarise_runs(runs(5.0, 5.0, given_up=[0, 1]))
    assert none["seconds"] == {"median": None, "min": None, "max": None}


def test_ratios_of_medians_and_bounds():
    fast, slow = summarise_runs(runs(1.0, 2.0, 3.0)), summarise_runs(runs(10.0, 20.0, 30.0))
    never = summarise_runs(runs(60.0, 50.0, 70.0, given_up=[0, 1, 2]))
    assert times_faster(fast, slow) == {"ratio": 10.0, "at_least": False}
    assert times_faster(fast, never) == {"ratio": 30.0, "at_least": True}
    assert times_faster(never, fast) is None


def test_every_contender_is_measured(task):
    contenders = [
        dataclasses.replace(contender, stride=1)  # one rollout
        for contender in quality_contenders(task, reference_rollout=32)
    ]
    assert [c.key for c in contenders] == ["sb3-default", "sb3-tuned", "sb3", "device"]
    result = measure_quality(
        task, seeds=1, searches=2, max_steps=10, rank=float(task.space.size), contenders=contenders
    )
    assert json.loads(json.dumps(result)) == result
    assert [row["key"] for row in result["rows"]] == [c.key for c in contenders]
    for row in result["rows"]:
        # Any rank is good enough here, so all are good at once, which the next look confirms.
        assert row["reached"] == 1
        (one,) = row["runs"]
        assert one["seed"] == 0
        assert [p["steps"] for p in one["trajectory"]] == [one["steps"], 2 * one["steps"]]
        assert one["steps"] == (256 if row["key"] == "sb3-default" else 1_280)
        assert set(row["times_faster"]) == {c.key for c in contenders} - {row["key"]}


@pytest.mark.parametrize("wrong", [{"seeds": 0}, {"searches": 0}, {"max_seconds": 0}, {"rank": 0}])
def test_impossible_settings(task, wrong):
    with pytest.raises(InvalidArgumentError, match=next(iter(wrong))):
        measure_quality(task, **wrong)
