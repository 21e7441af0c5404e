"""What is predicted: classes or numbers, and targets that cannot be."""

import numpy as np
import pandas as pd
import pytest

from rlnas.datasets.tables.targets import copies, read_targets
from rlnas.errors import DataError, InvalidArgumentError


def test_few_whole_numbers_are_classes_and_many_are_not():
    frame = pd.DataFrame({"few": ["10", "2", "2"] * 4, "many": np.arange(12) * 1.5})
    found = read_targets(frame, ("few",), "auto")
    assert found.classes == ("2", "10")
    assert found.values[:3].tolist() == [1, 0, 0]
    assert read_targets(frame, ("many",), "auto").classes == ()
    assert read_targets(frame, ("few",), "regression").values[:2].tolist() == [[10], [2]]
    assert read_targets(frame, ("few", "many"), "auto").values.shape == (12, 2)


def test_rows_without_a_target_are_left_out():
    found = read_targets(pd.DataFrame({"y": [1.5, None, 2.5, 3.25]}), ("y",), "auto")
    assert found.known.tolist() == [True, False, True, True]
    assert "1 rows without a target" in found.notes[0]


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (["a"] * 5, "auto", "'a' in every row"),
        ([2.5] * 5, "regression", "2.5 in every row"),
        (["a", "a", "a", "b"], "auto", "The class 'b' of y has 1 row;"),
        ([str(n) for n in range(30)], "classification", "task='regression'"),
        (["1", "2", "x"], "regression", "such as 'x'"),
        ([1.0, 2.5, np.inf], "auto", "infinite"),
        ([None] * 3, "auto", "No row has its target"),
    ],
)
def test_targets_that_cannot_be_predicted(values, task, message):
    with pytest.raises(DataError, match=message):
        read_targets(pd.DataFrame({"y": values}), ("y",), task)


def test_several_targets_are_no_classes():
    with pytest.raises(InvalidArgumentError, match="cannot be classes"):
        read_targets(pd.DataFrame({"a": [1, 2], "b": [1, 2]}), ("a", "b"), "classification")


def test_copies_of_the_target_are_found():
    rng = np.random.default_rng(0)
    labels = rng.choice(["yes", "no", "maybe"], 60)
    inputs = pd.DataFrame(
        {
            "code": [{"yes": 1, "no": 2, "maybe": 3}[label] for label in labels],
            "noise": rng.normal(size=60),
            "unique": np.arange(60),
        }
    )
    rows = np.arange(40)
    assert copies(inputs, read_targets(pd.DataFrame({"y": labels}), ("y",), "auto"), rows) == [
        "code"
    ]
    numbers = pd.DataFrame({"y": 3 * inputs["noise"] - 1})
    assert copies(inputs, read_targets(numbers, ("y",), "auto"), rows) == ["noise"]
