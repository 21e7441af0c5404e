"""Which rows go where: by class, by group, by time."""

from itertools import pairwise

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


@pytest.mark.parametrize("size", [3, 10, 33, 68])
def test_a_smaller_part_has_of_each_class_its_share(size):
    whole = parts_of(LABELS)["train"]
    for seed in range(5):
        options = TableOptions(table="t", seed=seed, train_size=size)
        counts = np.bincount(LABELS[split_rows(FRAME, LABELS, options)["train"]], minlength=3)
        shares = size * np.bincount(LABELS[whole]) / len(whole)
        assert counts.sum() == size
        assert (np.abs(counts - shares) < 1.5).all() or size == 3
        assert (counts >= 1).all()


def test_fewer_rows_are_of_the_more():
    sizes = (1, 2, 5, 20, 60)
    options = [TableOptions(table="t", seed=1, train_size=size) for size in sizes]
    rows = [set(split_rows(FRAME, LABELS, each)["train"]) for each in options]
    for few, many in pairwise(rows):
        assert few < many
    assert set(LABELS[list(rows[0])]) == {0}  # where there is no room for all, the largest


def test_a_smaller_part_takes_whole_groups():
    options = TableOptions(table="t", group="who", train_size=18)
    rows = split_rows(FRAME, LABELS, options)["train"]
    counts = FRAME["who"].iloc[rows].value_counts().tolist()
    assert counts == [4, 4, 4, 4, 2]


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
