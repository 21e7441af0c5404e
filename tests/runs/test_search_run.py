"""Searches of a suite in a run folder: what is missing, its tables, and the call that fills it."""

import pandas as pd
import pytest

from rlnas.errors import DataError, InvalidArgumentError, RunError, UnknownNameError
from rlnas.parquet import write_frame
from rlnas.runs import NO_SOURCE, RunCell, SearchRun, search_suite
from rlnas.runs.search_run import run_searches
from rlnas.search import RandomSearch
from rlnas.spaces import get_space
from rlnas.tasks import Suite


def test_rows_and_curves_agree_with_the_searches(search_run):
    run = search_run()
    suite = run.suite
    assert run.finished
    rows, curves = run.write_tables()
    assert len(rows) == 6
    assert len(curves) == 6 * 25
    row = rows[(rows["target"] == "b") & (rows["seed"] == 2)].iloc[0]
    result = RandomSearch().search(suite["b"], 25, seed=2)
    assert row["best_architecture"] == result.best.architecture
    assert row["rank"] == suite["b"].rank(result.best.score)
    assert row["rank_at_10"] == suite["b"].rank(result.scores[:10].max())
    assert row["rank_at_20"] == suite["b"].rank(result.scores[:20].max())
    course = curves[(curves["target"] == "b") & (curves["seed"] == 2)]
    assert course["rank"].iloc[9] == row["rank_at_10"]
    assert course["rank"].is_monotonic_decreasing
    pd.testing.assert_frame_equal(pd.read_parquet(run.folder / "rows.parquet"), rows)
    opened = SearchRun.open(run.folder)
    assert opened.plan == run.plan


def test_without_a_finished_search_there_are_no_tables(search_run):
    run = search_run(done=False)
    assert len(run.missing()) == 6
    with pytest.raises(RunError, match="no finished search"):
        run.rows()


def test_missing_are_the_searches_without_a_file(search_run):
    run = search_run()
    gone = RunCell("random", NO_SOURCE, "a", 1)
    (run.folder / gone.path).unlink()
    assert run.missing() == [gone]
    assert len(run.rows()) == 5


@pytest.mark.parametrize("name", ["../../victim", "/victim", "a/b", "$\\frac$", "x" * 150])
def test_no_name_of_a_task_leads_out_of_the_run(name, landscape, search_plan, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "seed-0").mkdir()
    (victim / "seed-0" / "thesis.tex").write_text("years of work")
    suite = Suite("s", {name: landscape(get_space("transnas-micro"), 0, name=name)})
    run = SearchRun.begin(tmp_path / "r", search_plan(tasks=(name,), seeds=(0,)), suite)
    for _ in range(2):
        run_searches(run, lambda cell: RandomSearch(), tensorboard=True)
    assert len(run.rows()) == 1
    run.log(run.parts()[0], run.result(run.parts()[0]))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r", "victim"]
    assert [p.name for p in victim.rglob("*")] == ["seed-0", "thesis.tex"]


def test_curves_are_never_removed_through_a_link(search_run, tmp_path):
    run = search_run(seeds=(0,))
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "thesis.tex").write_text("years of work")
    cell = run.parts()[0]
    events = run.folder / "tensorboard" / cell.path.relative_to("cells").with_suffix("")
    events.parent.mkdir(parents=True)
    events.symlink_to(tmp_path / "victim")
    run.log(cell, run.result(cell))
    assert not events.is_symlink()
    assert [p.name for p in (tmp_path / "victim").iterdir()] == ["thesis.tex"]


def test_a_run_of_another_kind_or_without_a_plan_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"search": {"suite": "s"}}')
    with pytest.raises(RunError, match="no readable description of a search run"):
        SearchRun.open(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": 0}, "queries is 0"),
        ({"seeds": ()}, "seeds is 0"),
        ({"seeds": (-1,)}, "seed is -1"),
        ({"tasks": ()}, "task"),
        ({"tasks": ("a", "a")}, "twice"),
    ],
)
def test_plans_out_of_range_are_refused(changes, message, search_plan):
    with pytest.raises(InvalidArgumentError, match=message):
        search_plan(**changes)


def test_a_call_searches_a_suite_and_goes_on_with_it(tmp_path):
    out, said = tmp_path / "run", []

    def search(**options):
        return search_suite(
            "synthetic-micro",
            ["synthetic-0"],
            ["random"],
            **{"out": out, "queries": 5, "seeds": range(3), **options},
            on_progress=lambda *progress: said.append(progress),
        )

    run = search()
    assert run.finished
    assert said == [("search", done, 3) for done in range(4)]
    rows = run.rows()
    run.path(run.parts()[1]).unlink()
    with pytest.raises(RunError, match="resume=True"):
        search()
    said.clear()
    again = search(resume=True).rows()
    assert said == [("search", 2, 3), ("search", 3, 3)]
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), rows.drop(columns="seconds"))
    with pytest.raises(RunError, match="queries is 5 there, not 6"):
        search(resume=True, queries=6)


def test_unknown_names_are_said_before_anything_is_written(tmp_path):
    for task, searcher in (("synthetic-9", "random"), ("synthetic-0", "randm")):
        with pytest.raises(UnknownNameError):
            search_suite("synthetic-micro", [task], [searcher], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["rows", "curves"])
def test_tables_that_are_not_the_plan_s_are_refused(name, search_run):
    run = search_run()
    whole = dict(zip(("rows", "curves"), run.write_tables(), strict=True))[name]
    read = getattr(run, name)
    pd.testing.assert_frame_equal(read(), whole)
    for damaged, match in (
        (pd.concat([whole, whole[-1:]]), "row twice"),
        (whole.assign(seed=whole["seed"] + 1), "search that the run has not"),
        (whole[whole["seed"] != 2], "lacks a search that is finished"),
    ):
        write_frame(run.folder / f"{name}.parquet", damaged)
        with pytest.raises(RunError, match=match):
            read()


def test_a_cell_of_another_task_is_refused(search_run):
    run = search_run()
    first, other = (c for c in run.parts() if c.seed == 0)
    run.path(first).write_bytes(run.path(other).read_bytes())
    with pytest.raises(DataError, match=f"not of {first.target}"):
        run.make_tables()
