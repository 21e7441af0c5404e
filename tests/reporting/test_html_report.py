import re
from html.parser import HTMLParser

import pytest

from rlnas.benchmarks import load_suite
from rlnas.errors import RunError
from rlnas.reporting import write_report
from rlnas.reporting.html_matrix import matrix_body
from rlnas.reporting.html_parts import TableCell, table
from rlnas.reporting.run_folder import begin_run
from rlnas.reporting.search_run import SearchPlan, SearchRun
from rlnas.search import RandomSearch
from rlnas.search.cell import NO_SOURCE
from rlnas.tasks import Metric

VOID = {"meta", "br", "path", "use", "rect"}


class Balanced(HTMLParser):
    """Collects text and checks that every element is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.text, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("src", "href") and v]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.links += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parse(page):
    parser = Balanced()
    parser.feed(page)
    assert not parser.open
    return parser


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


def test_page_is_whole_self_contained_and_says_what_is_missing(run):
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


def test_page_has_the_numbers_of_the_rows(run):
    (cell,) = run.missing()
    run.save(cell, RandomSearch().search(run.suite[cell.target], 12, seed=cell.seed))
    text = " ".join(parse(write_report(run.folder).read_text(encoding="utf-8")).text)
    assert "Unfinished" not in text
    rows = run.rows()
    for target in run.plan.tasks:
        part = rows[rows["target"] == target]
        assert part.loc[part["best_score"].idxmax(), "best_architecture"] in text


def test_folders_without_a_report_are_refused(tmp_path):
    with pytest.raises(RunError, match="no run folder"):
        write_report(tmp_path)
    begin_run(tmp_path / "t", "train", {"task": "x"})
    with pytest.raises(RunError, match="'train'"):
        write_report(tmp_path / "t")


def test_matrix_body(rows, curves, tmp_path):
    metrics = {t: Metric(name="loss<", direction="min", unit="s") for t in set(rows["target"])}
    body = matrix_body(rows, curves, metrics, tmp_path, title="made-up")
    text = " ".join(parse(body).text)
    assert "6 of 6" in text  # zero-shot beats scratch off the diagonal
    assert "All 18 cells against scratch" in text
    assert "loss< (valid)" in text
    assert "1 s" in text  # the raw value: the score −1 of a metric to minimise
    assert {p.name for p in tmp_path.glob("*.png")} == {
        *("curves.png", "heatmap-zero-shot.png", "heatmap-weight-init.png")
    }


def test_everything_in_a_table_is_escaped():
    text = table(["<h>", "x"], [["<a>", TableCell("&", "better")]])
    assert "&lt;h&gt;" in text
    assert "<td>&lt;a&gt;</td>" in text
    assert '<td class="better">&amp;</td>' in text
    parse(text)
