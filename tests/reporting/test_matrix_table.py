import io
import re

import pytest
from rich.console import Console

from rlnas.reporting.improvement import improvement_over_scratch
from rlnas.reporting.matrix_table import matrix_tables, sign_of
from rlnas.reporting.names import format_rank, short_names


def printed(rows, *, width=80, terminal=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    console.print(matrix_tables(rows))
    return console.file.getvalue()


def test_every_rank_is_printed_with_its_sign_and_the_blocks_are_told_apart(rows):
    text = printed(rows)
    zero, init = text.split("weight-init: ")
    # Off the diagonal zero-shot ends near 10 and scratch near 107; weight-init near 430.
    assert zero.count("10.8++") == 6
    assert init.count("430−−") == 6
    assert zero.count(" 1.0++") == 3
    assert "Beats scratch in 9 of 9 cells (6 of 6 off the diagonal)" in zero
    assert "Beats scratch in 3 of 9 cells (0 of 6 off the diagonal)" in init
    assert "al_on alpha_one" in init
    assert "4 seeds" in init


@pytest.mark.parametrize("terminal", [False, True])
def test_seven_long_names_fit_eighty_columns(make_matrix, terminal):
    names = ("class_object", "class_scene", "room_layout", "segmentsemantic", "autoencoder")
    text = printed(make_matrix((*names, "jigsaw", "normal")), terminal=terminal)
    assert ("\x1b[" in text) == terminal
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= 80
    assert "…" not in plain  # nothing was cut
    assert plain.count("108") >= 7


def test_one_seed_and_no_scratch_are_printed_too(rows):
    text = printed(rows[(rows["seed"] == 0) & (rows["method"] != "scratch")])
    assert "1 seed." in text
    assert "scratch" not in text.split("Rank 1 is")[0]
    assert printed(rows[rows["method"] == "scratch"]).count("108") >= 3


def test_signs(rows):
    gains = improvement_over_scratch(rows)
    assert set(gains[gains["method"] == "zero-shot"].apply(sign_of, axis=1)) == {"++"}
    rows["rank"] = 5.0
    assert set(improvement_over_scratch(rows).apply(sign_of, axis=1)) == {"="}


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
