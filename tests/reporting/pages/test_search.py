import re

import pytest

from rlnas.benchmarks import load_suite
from rlnas.reporting import write_report
from rlnas.runs.cell import NO_SOURCE
from rlnas.runs.search_run import SearchPlan, SearchRun
from rlnas.search import RandomSearch


@pytest.fixture
def run(tmp_path):
    plan = SearchPlan(
        suite="synthetic-micro",
        tasks=("synthetic-0", "synthetic-1"),
        searchers=(("random", NO_SOURCE),),
        seeds=(0, 1),
        queries=12,
        checkpoints={},
    )
    command = "rlnas search --task '<b>' & co"
    run = SearchRun.begin(tmp_path / "run", plan, load_suite("synthetic-micro"), command=command)
    for cell in run.missing()[:3]:
        run.save(cell, RandomSearch().search(run.suite[cell.target], 12, seed=cell.seed))
    return run


def test_page_is_whole_self_contained_and_says_what_is_missing(run, parse):
    path = write_report(run.folder)
    page = path.read_text(encoding="utf-8")
    parser = parse(page)
    text = " ".join(parser.text)
    assert "Unfinished: 1 searches" in text
    assert "rlnas search --task '<b>' & co" in text  # escaped in the source, itself in the text
    assert not [link for link in parser.links if not link.startswith("#")]
    assert not re.search(r"<script|@import|url\((?!#)", page)
    assert (run.folder / "curves.png").exists()
    assert "$" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S)  # every place is filled


def test_page_has_the_numbers_of_the_rows(run, parse):
    (cell,) = run.missing()
    run.save(cell, RandomSearch().search(run.suite[cell.target], 12, seed=cell.seed))
    text = " ".join(parse(write_report(run.folder).read_text(encoding="utf-8")).text)
    assert "Unfinished" not in text
    rows = run.rows()
    for target in run.plan.tasks:
        part = rows[rows["target"] == target]
        assert part.loc[part["best_score"].idxmax(), "best_architecture"] in text
