"""Random search's exact line is a row of every table of a matrix, where a table is at hand."""

import io

import pytest
from rich.console import Console

from rlnas.reporting.pages.headline import headline_section
from rlnas.reporting.terminal.matrix import matrix_tables
from rlnas.statistics.random_line import random_line

LINE = random_line([3.0, 2.0, 2.0, 1.0], 1)  # ranks 1, 2, 2 and 4: 2.25


@pytest.fixture
def known(several, results):
    rows, curves = several
    found = results(rows, curves)
    found.random_lines = dict.fromkeys(found.targets, LINE)
    return found


def printed(results):
    console = Console(file=io.StringIO(), width=80)
    console.print(matrix_tables(results))
    return console.file.getvalue()


def test_every_table_has_the_line(known):
    lines = [line.split() for line in printed(known).splitlines() if "random, exact " in line]
    targets = len(known.targets)
    in_blocks_and_by_target = [line[2:] for line in lines if len(line) > 3]
    assert in_blocks_and_by_target
    assert all(line == ["2.2"] * (targets + 1) for line in in_blocks_and_by_target)
    assert [line[2:] for line in lines if len(line) == 3] == [["2.2"]], "what it comes to"
    assert "it has no error of its own" in " ".join(printed(known).split())


def test_without_a_table_there_is_none(several, results):
    assert "exact" not in printed(results(*several))


def test_it_stands_below_what_starts_from_nothing(known):
    text = printed(known).split("What it comes to")[1]
    nothing = text.index("from nothing")
    assert nothing < text.index("random, exact") < text.index("from all tasks*")


def test_the_page_has_the_line_and_the_judge(known, several, results, tmp_path):
    page = headline_section(known, tmp_path)
    assert "random, exact" in page
    assert "Behind the noise of one training" not in page
    rows, curves = several
    judged = results(rows.assign(denoised_regret=0.125, twins_rank=321.0), curves)
    again = headline_section(judged, tmp_path)
    assert "Behind the noise of one training" in again
    assert "0.125" in again
    assert "321" in again
