"""Metrics: their sign, and refused values."""

import numpy as np
import pytest

from rlnas.errors import InvalidArgumentError
from rlnas.tasks import Metric


def test_metric_sign():
    assert Metric(name="accuracy").sign == 1
    assert Metric(name="loss", direction="min").sign == -1


@pytest.mark.parametrize("field", ["direction", "split", "epoch_policy"])
def test_metric_refuses_unknown_values(field):
    with pytest.raises(InvalidArgumentError, match=field):
        Metric(name="m", **{field: "sideways"})


def test_a_score_is_shown_as_the_raw_number_that_people_know():
    accuracy = Metric(name="accuracy", unit="%")
    loss = Metric(name="loss", direction="min")
    assert accuracy.text(93.33333) == "93.33 %"
    assert accuracy.text(93.33333, 6, unit=False) == "93.3333"
    assert loss.text(-0.5) == "0.5"
    assert loss.text(0.0) == "0"
    assert loss.text(float("nan")) == "–"
    assert accuracy.interval_text(1.0, 2.0) == "[1, 2]"
    assert loss.interval_text(-0.75, -0.25) == "[0.25, 0.75]"
    assert loss.interval_text(float("nan"), 1.0) == ""
    assert loss.raw(np.array([-0.5, 2.0])).tolist() == [0.5, -2.0]


def test_a_metric_says_its_direction():
    assert Metric(name="acc", unit="%").title == "acc in %, higher is better"
    loss = Metric(name="loss", direction="min")
    assert (loss.title, loss.arrow) == ("loss, lower is better", " ↓")
