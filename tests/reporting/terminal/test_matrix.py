import io
import re

import pytest
from rich.console import Console

from rlnas.reporting.terminal.matrix import matrix_tables


def printed(results, *, width=80, terminal=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    console.print(matrix_tables(results))
    return console.file.getvalue()


def test_every_rank_is_printed_with_its_sign_and_the_blocks_are_told_apart(rows, results):
    text = printed(results(rows))
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
def test_seven_long_names_fit_eighty_columns(make_results, terminal):
    names = ("class_object", "class_scene", "room_layout", "segmentsemantic", "autoencoder")
    text = printed(make_results((*names, "jigsaw", "normal")), terminal=terminal)
    assert ("\x1b[" in text) == terminal
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(map(len, plain.splitlines())) <= 80
    assert "…" not in plain  # nothing was cut
    assert plain.count("108") >= 7


def test_one_seed_and_no_scratch_are_printed_too(rows, results):
    text = printed(results(rows[(rows["seed"] == 0) & (rows["method"] != "scratch")]))
    assert "1 seed." in text
    assert "scratch" not in text.split("Rank 1 is")[0]
    assert printed(results(rows[rows["method"] == "scratch"])).count("108") >= 3


def test_pools_have_rows_of_their_own_and_searchers_a_table(several, results):
    rows, _ = several
    text = printed(results(rows))
    reuse = text.split("policy-reuse: ")[1].split("Beats")[0].splitlines()
    assert [line.split()[0] for line in reuse if "alpha_one" in line] == ["alpha_one"]
    (pool,) = [line for line in reuse if line.startswith(" all others")]
    assert pool.count("8.6++") == 3
    assert "Beats scratch in 9 of 9 cells (6 of 6 off the diagonal)" in text
    assert "random: " not in text  # no matrix of sources
    by_target, overview = text.split("All methods")[1].split("What it comes to")
    lines = [line.split() for line in by_target.splitlines()]
    found = {" ".join(words): n for n, words in enumerate(lines) if words[:1] == ["from"]}
    assert list(found) == [
        *("from one other task", "from all other tasks", "from nothing", "from all tasks*")
    ]
    nothing = found["from nothing"]
    assert [words[0] for words in lines[nothing + 1 : nothing + 4]] == [
        *("random", "evolution", "scratch")
    ]
    assert lines[found["from all tasks*"] + 1] == ["joint", *["2.2"] * 3, "2.2"]
    assert "3 of 3" in overview
    assert "Best transfer method: policy-reuse" in overview
    assert "*The target is among the sources, so a bound." in " ".join(text.split())


@pytest.mark.parametrize("width", [80, 100])
def test_ten_methods_on_seven_targets_are_one_screen(make_several_results, width):
    names = ("class_object", "class_scene", "room_layout", "segmentsemantic", "autoencoder")
    final = {
        ("scratch", "-"): 1234.0,
        **{(m, "single"): 123.0 for m in ("zero-shot", "weight-init", "jump-start")},
        **{
            (m, s): 45.0
            for m in ("shared-representation", "policy-reuse", "kickstarting")
            for s in ("single", "others")
        },
        **{(m, "others"): 12.0 for m in ("joint", "transfer-bo")},
        ("regularised-evolution", "-"): 77.0,
    }
    text = printed(make_several_results((*names, "jigsaw", "normal"), final), width=width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text  # nothing was cut
    assert len(lines) <= 70
    assert "source \\ target" not in text  # the matrices are in the report
    assert text.count("shared-representation") == 4


def test_only_what_is_finished_is_printed(several, results):
    rows, _ = several
    early = rows[(rows["method"] == "policy-reuse") & (rows["target"] == "beta")]
    assert "policy-reuse" in printed(results(early))
    assert printed(results(rows[~((rows["method"] == "scratch") & (rows["target"] == "beta"))]))
    assert "no transfer yet" in printed(results(rows[rows["source"] == "-"]))
