"""Numbers, durations and names as text."""

import math

from rlnas.formats import format_amount, format_rank, format_seconds, short_names


def test_short_names_are_short_and_distinct():
    names = ["class_object", "class_objects", "class_scene", "jigsaw", "jigsaws", "a"]
    short = short_names(names)
    assert len(set(short.values())) == len(names)
    assert all(len(s) <= 5 for s in short.values())
    assert short["a"] == "a"
    many = [f"synthetic-task-{i}" for i in range(120)]
    assert len(set(short_names(many).values())) == 120


def test_ranks_as_text():
    assert [format_rank(r) for r in (1.0, 99.96, 4096.0, float("nan"))] == [
        *("1.0", "100", "4096", "–")
    ]


def test_amounts_and_durations():
    amounts = [format_amount(v) for v in (0, 999, 1000, 47_438, 1_234_567, 2e9)]
    assert amounts == ["0", "999", "1.00k", "47.4k", "1.23M", "2.00G"]
    durations = [format_seconds(v) for v in (3.21, 75, 600, 7260, math.nan)]
    assert durations == ["3.2 s", "75 s", "10 min", "2.0 h", "–"]
