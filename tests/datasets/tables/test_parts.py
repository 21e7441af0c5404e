"""Which rows go where: by class, by group, by time."""

import numpy as np
import pandas as pd
import pytest

from rlnas.datasets.tables.options import TableOptions
from rlnas.datasets.tables.parts import split_rows
from rlnas.errors import DataError, InvalidArgumentError

FRAME = pd.DataFrame(
    {
        "who": np.repeat([f"p{i}" for i in range(25)], 4),
        "day": [f"2024-{1 + i // 28:02d}-{1 + i % 28:02d}" for i in range(50)] * 2,
        "word": "x",
    }
)
LABELS = np.array([0] * 90 + [1] * 7 + [2] * 3)


def parts_of(labels=None, **options):
    parts = split_rows(FRAME, labels, TableOptions(table="t", **options))
    assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(100))
    return parts


def test_every_class_is_in_every_part():
    parts = parts_of(LABELS, seed=3)
    for rows in parts.values():
        assert set(LABELS[rows]) == {0, 1, 2}
    assert len(parts["valid"]) == len(parts["test"]) == 14 + 1 + 1
    assert (parts_of(LABELS, seed=3)["test"] == parts["test"]).all()
    assert (parts_of(LABELS, seed=4)["test"] != parts["test"]).any()


def test_groups_stay_together():
    parts = parts_of(group="who")
    groups = [set(FRAME["who"][rows]) for rows in parts.values()]
    assert sum(map(len, groups)) == 25


def test_the_newest_are_tested():
    parts = parts_of(time="day")
    days = {name: FRAME["day"][rows] for name, rows in parts.items()}
    assert days["train"].max() < days["valid"].min()
    assert days["valid"].max() < days["test"].min()


def test_a_smaller_part_is_of_the_larger():
    whole = parts_of(LABELS)
    parts = split_rows(FRAME, LABELS, TableOptions(table="t", train_size=10, test_size=5))
    assert [len(parts[name]) for name in ("train", "valid", "test")] == [10, len(whole["valid"]), 5]
    assert set(parts["train"]) <= set(whole["train"])
    with pytest.raises(InvalidArgumentError, match="train_size is 90"):
        split_rows(FRAME, LABELS, TableOptions(table="t", train_size=90))


def test_what_rows_cannot_be_split_by():
    with pytest.raises(DataError, match="holds words"):
        parts_of(time="word")
    with pytest.raises(InvalidArgumentError, match="has 1 groups"):
        parts_of(group="word")
    constant = FRAME.assign(day=1)
    with pytest.raises(InvalidArgumentError, match="too few different times"):
        split_rows(constant, None, TableOptions(table="t", time="day"))
    with pytest.raises(DataError, match="has 2 rows"):
        split_rows(FRAME[:2], None, TableOptions(table="t"))
