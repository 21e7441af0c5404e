"""Curves by steps: when a level is reached for good, and how the end is summed up."""

import numpy as np
import pandas as pd
import pytest
from reference_study.step_curves import StepCurve

from rlnas.errors import InvalidArgumentError


def curve(values, seeds=4, spread=0.0, steps=None):
    values = np.asarray(values, dtype=float)
    steps = np.arange(len(values)) * 10 if steps is None else np.asarray(steps)
    return StepCurve(steps, values[:, None] + spread * np.arange(seeds), "made-up")


def steps_to(curve, level):
    return curve.steps_to(np.full(curve.course.shape[1], float(level)))[0]


def test_time_to_a_level_is_when_the_curve_stays_there():
    assert steps_to(curve([0, 2, 0, 1, 2, 3]), 1) == 30
    assert steps_to(curve([0, 2, 0, 1, 2, 3]), 0) == 0
    assert steps_to(curve([0, 2, 2, 2, 2, 1]), 2) == np.inf


def test_final_performance_is_the_mean_over_the_last_tenth():
    values = [0.0] * 9 + [4.0, 6.0]
    assert curve(values).final == pytest.approx(5.0)
    assert curve(values).at(100) == pytest.approx(6.0)
    with pytest.raises(InvalidArgumentError, match="step 5"):
        curve(values).at(5)


def test_the_seeds_own_times_are_censored():
    values = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]], dtype=float)
    one = StepCurve(np.arange(4) * 10, values, "made-up")
    assert one.first_passage(1.0) == {"median": 20.0, "reached": 3}
    assert one.first_passage(2.0) == {"median": np.inf, "reached": 0}
    half = StepCurve(one.steps, values[:, [3, 3, 0, 3]], "made-up")
    assert half.first_passage(1.0) == {"median": np.inf, "reached": 1}


def test_a_seed_that_lacks_a_judgement_is_said():
    frame = pd.DataFrame({"step": [0, 0, 10], "seed": [0, 1, 0], "best": [1.0, 2.0, 3.0]})
    with pytest.raises(InvalidArgumentError, match="lack"):
        StepCurve.of(frame, "best", "made-up")
