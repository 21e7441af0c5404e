"""Metrics: their sign, and refused values."""

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
