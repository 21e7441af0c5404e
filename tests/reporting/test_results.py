"""What a run came to, opened from its folder."""

import io

import pandas as pd
import pytest
from rich.console import Console

import rlnas
from rlnas.errors import RunError, UnknownNameError
from rlnas.reporting import (
    DatasetSearchResults,
    MatrixResults,
    SearchResults,
    load_results,
    write_report,
)
from rlnas.reporting.matrix.investment import Investment
from rlnas.run_folder import begin_run
from rlnas.runs.cell import NO_SOURCE
from rlnas.runs.search_run import SearchPlan, SearchRun
from rlnas.search import RandomSearch
from rlnas.transfer import MatrixConfig, MatrixRun

QUERIES = 12


def printed(table):
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    return console.file.getvalue()


def begin_matrix(folder):
    """Begin a matrix whose searches are still to come."""
    config = MatrixConfig(
        suite="synthetic-micro",
        tasks=("synthetic-0", "synthetic-1", "synthetic-2"),
        methods=("scratch", "zero-shot", "random"),
        seeds=2,
        queries=QUERIES,
    )
    begin_run(folder, "matrix", config.to_dict())
    return MatrixRun.open(folder)


@pytest.fixture
def matrix(tmp_path):
    """A finished matrix; what its methods found was drawn at random."""
    run = begin_matrix(tmp_path / "matrix")
    for number, cell in enumerate(run.config.cells()):
        path = run.folder / cell.path
        path.parent.mkdir(parents=True, exist_ok=True)
        RandomSearch().search(run.suite[cell.target], QUERIES, seed=number).save(path)
    return run


@pytest.fixture
def searches(tmp_path):
    plan = SearchPlan(
        suite="synthetic-micro",
        tasks=("synthetic-0", "synthetic-1"),
        searchers=(("random", NO_SOURCE),),
        seeds=(0, 1),
        queries=QUERIES,
        checkpoints={},
    )
    return SearchRun.begin(tmp_path / "search", plan)


def test_a_matrix_is_opened_with_its_numbers_table_figures_and_report(matrix):
    results = rlnas.load_results(matrix.folder)
    assert isinstance(results, MatrixResults)
    pd.testing.assert_frame_equal(results.rows, matrix.rows())
    pd.testing.assert_frame_equal(results.curves, matrix.curves())
    assert results.run.config == matrix.config
    assert results.missing() == []
    assert set(results.metrics) == {*matrix.config.tasks}
    assert results.summary()["headline"]["method"] == "zero-shot"
    assert "zero-shot: mean rank of the best of 12 queries" in printed(results.table())
    assert results.figures() == ("methods", "heatmap-others", "heatmap-zero-shot", "curves")
    assert results.figure("curves").axes
    with pytest.raises(UnknownNameError, match="curves-others"):
        results.figure("curves-others")
    page = results.report()
    assert page == matrix.folder / "report.html"
    assert {p.stem for p in matrix.folder.glob("*.svg")} == {*results.figures()}
    free = results.report(Investment()).read_text(encoding="utf-8")
    assert "pretraining costs no query" in free


def test_what_rows_say_needs_no_suite(matrix, monkeypatch):
    monkeypatch.setattr("rlnas.transfer.matrix.folder.load_suite", None)
    matrix.write_tables()
    assert "zero-shot" in printed(MatrixResults.load(matrix.folder).table())


def test_an_unfinished_matrix_is_opened_and_says_what_is_missing(matrix):
    gone = matrix.config.cells()[-1]
    (matrix.folder / gone.path).unlink()
    results = load_results(matrix.folder)
    assert results.missing() == [gone]
    assert len(results.rows) == len(matrix.config.cells()) - 1
    assert "Unfinished: 1 searches" in results.report().read_text(encoding="utf-8")


def test_results_of_frames_have_no_folder(rows, curves):
    results = MatrixResults(rows)
    assert "zero-shot" in printed(results.table())
    assert "curves" not in results.figures()
    with pytest.raises(RunError, match="load_results"):
        results.report()
    assert "curves" in MatrixResults(rows, curves).figures()


def test_searches_are_opened_as_far_as_they_are(searches):
    with pytest.raises(RunError, match="no finished search"):
        load_results(searches.folder)
    for cell in searches.missing()[:3]:
        searches.save(cell, RandomSearch().search(searches.suite[cell.target], 12, seed=cell.seed))
    results = load_results(searches.folder)
    assert isinstance(results, SearchResults)
    assert len(results.missing()) == 1
    assert len(results.rows) == 3
    assert "synthetic-1" in printed(results.table())
    assert results.figures() == ("curves",)
    assert results.figure("curves").axes
    assert results.report() == searches.folder / "report.html"


def test_folders_without_results_are_refused(tmp_path):
    for open_it in (load_results, write_report):
        with pytest.raises(RunError, match="no run folder"):
            open_it(tmp_path)
        with pytest.raises(RunError, match="no run folder"):
            open_it(tmp_path / "nowhere")
    begin_run(tmp_path / "t", "train", {"task": "x"})
    for open_it in (load_results, write_report):
        with pytest.raises(RunError, match="'train', which has no results"):
            open_it(tmp_path / "t")
    begin_matrix(tmp_path / "m")
    with pytest.raises(RunError, match="no finished search"):
        load_results(tmp_path / "m")
    for kind in (MatrixResults, SearchResults, DatasetSearchResults):
        with pytest.raises(RunError):
            kind.load(tmp_path / "t")
