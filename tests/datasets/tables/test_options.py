"""What is asked of a table is checked when it is said."""

import pandas as pd
import pytest

from rlnas.datasets.tables.options import TableOptions
from rlnas.errors import InvalidArgumentError


def test_one_name_is_a_list_of_one():
    assert TableOptions(table="t", target="y", leave_out=["a"]).target == ("y",)
    frame = pd.DataFrame({"a": [1]})
    asked = TableOptions.of(frame, "a", seed=2)
    assert (asked.table, asked.target, asked.seed, asked.frame is frame) == (
        "frame",
        ("a",),
        2,
        True,
    )
    assert TableOptions.of(asked, seed=3).target == ("a",)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"task": "clustering"}, "task is 'clustering'"),
        ({"seed": -1}, "seed"),
        ({"train_size": 0}, "train_size"),
        ({"valid_share": 0.0}, "valid_share"),
        ({"valid_share": 0.5, "test_share": 0.5}, "less than 1 together"),
        ({"group": "a", "time": "b"}, "give one"),
    ],
)
def test_values_outside_their_range(wrong, message):
    with pytest.raises(InvalidArgumentError, match=message):
        TableOptions(table="t", **wrong)
