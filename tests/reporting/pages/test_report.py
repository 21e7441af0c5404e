import re
from html.parser import HTMLParser

import pytest

from rlnas.benchmarks import load_suite
from rlnas.errors import RunError
from rlnas.reporting import write_report
from rlnas.reporting.matrix.investment import Investment
from rlnas.reporting.matrix.return_on_investment import investment_summary
from rlnas.reporting.pages.investment import investment_section
from rlnas.reporting.pages.matrix import matrix_body
from rlnas.reporting.pages.parts import TableCell, table
from rlnas.reporting.pages.selection import selection_section
from rlnas.run_folder import begin_run
from rlnas.runs.cell import NO_SOURCE
from rlnas.runs.search_run import SearchPlan, SearchRun
from rlnas.search import RandomSearch
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
        *("methods.png", "curves.png", "heatmap-zero-shot.png", "heatmap-weight-init.png")
    }
    # What the run does not have has no section.
    assert "Choosing the source" not in text
    assert "Without the choice of a source" not in text


def test_matrix_body_with_every_kind_of_source(several, estimates, tmp_path):
    rows, curves = several
    metrics = {t: Metric(name="x") for t in set(rows["target"])}
    investment = Investment(cost_per_query_seconds=720, source_queries=100)
    body = matrix_body(
        rows, curves, metrics, tmp_path, title="t", estimates=estimates, investment=investment
    )
    text = " ".join(parse(body).text)
    assert "Best transfer method: policy-reuse, from all other tasks" in text
    assert "Against evolution, the best without a source" in text
    assert "evolution on beta" in text
    assert "A query takes 720 s" in text
    assert "counts 100 evaluated architectures for each source" in text
    # 4 queries of 0.2 hours saved on each target, two tasks of 100 architectures to pretrain on.
    line = (
        "policy-reuse all other tasks scratch 4 [4, 4] 100% / 50% 200 0.8 [0.8, 0.8] 40 50 [50, 50]"
    )
    assert line in " ".join(text.split())
    assert "seer" in text
    assert {p.stem for p in tmp_path.glob("*.svg")} == {
        *("methods", "heatmap-others", "heatmap-weight-init", "heatmap-policy-reuse"),
        *("curves", "curves-others", "gains", "selection"),
    }
    ids = re.findall(r'\bid="([^"]+)"', body)
    assert len(set(ids)) == len(ids)


def test_costs_follow_the_table_or_are_not_counted(several, tmp_path):
    rows, curves = several
    text = " ".join(parse(investment_section(rows, curves, Investment())).text)
    assert "give --cost-per-query SECONDS" in text
    assert "pretraining costs no query" in text
    assert "at once" in text
    assert "GPU h saved" not in text
    timed = rows.assign(cost=rows["queries"] * 3600.0)
    text = " ".join(parse(investment_section(timed, curves, Investment(gpus=2))).text)
    assert "those of the benchmark's table" in text
    saved = investment_summary(timed, curves, Investment(gpus=2), searchers=("random", "evolution"))
    (entry,) = [
        e
        for e in saved
        if (e["method"], e["sources"], e["against"], e["quality"])
        == ("policy-reuse", "others", "scratch", "baseline")
    ]
    assert entry["gpu_hours_saved"] == pytest.approx(2 * entry["queries_saved"])
    assert f"{entry['gpu_hours_saved']:.2g} [" in text
    nothing = [frame[frame["source"] == "-"] for frame in (rows, curves)]
    assert investment_section(*nothing, Investment()) == ""


@pytest.mark.parametrize(
    "left_out",
    [
        lambda r: r["method"] == "scratch",
        lambda r: (r["source"] != "-") | (r["method"] != "scratch"),
        lambda r: r["source"] != r["target"],
        lambda r: (r["seed"] > 0) | ((r["method"] == "scratch") & (r["target"] == "beta")),
    ],
)
def test_an_unfinished_matrix_makes_a_page(several, estimates, tmp_path, left_out):
    rows, curves = (frame[~left_out(frame)] for frame in several)
    metrics = {t: Metric(name="x") for t in set(rows["target"])}
    body = matrix_body(rows, curves, metrics, tmp_path, title="t", estimates=estimates)
    assert "nan" not in " ".join(parse(re.sub(r"<svg.*?</svg>", "", body, flags=re.S)).text)


def test_similarities_that_cannot_be_judged_are_told(several, estimates, tmp_path):
    rows, _ = several
    text = selection_section(estimates.assign(target="unknown"), rows, tmp_path, "t")
    assert "Not judged yet" in text
    assert "none can judge" in selection_section(
        estimates, rows[rows["source"].isin(["-", "others"])], tmp_path, "t"
    )


def test_everything_in_a_table_is_escaped():
    text = table(["<h>", "x"], [["<a>", TableCell("&", "better")]])
    assert "&lt;h&gt;" in text
    assert "<td>&lt;a&gt;</td>" in text
    assert '<td class="better">&amp;</td>' in text
    parse(text)
