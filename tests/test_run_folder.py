import json

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import InvalidArgumentError, RunError
from rlnas.reporting.terminal.search import search_summary, search_tables
from rlnas.run_folder import begin_run, read_command, read_versions, run_kind
from rlnas.runs.cell import NO_SOURCE, RunCell
from rlnas.runs.search_run import SearchPlan, SearchRun
from rlnas.search import RandomSearch
from rlnas.spaces import get_space
from rlnas.tasks import Suite


@pytest.fixture
def suite(landscape):
    space = get_space("transnas-micro")
    tasks = {name: landscape(space, seed, name=f"s/{name}") for seed, name in enumerate("ab")}
    return Suite("s", tasks)


def plan(**changes):
    values = {
        "suite": "s",
        "tasks": ("a", "b"),
        "searchers": (("random", NO_SOURCE),),
        "seeds": (0, 1, 2),
        "queries": 25,
        "checkpoints": {},
    }
    return SearchPlan(**{**values, **changes})


def fill(run):
    for cell in run.missing():
        run.save(cell, RandomSearch().search(run.suite[cell.target], 25, seed=cell.seed))


def test_a_run_begins_once_and_resumes_with_the_same_settings_only(tmp_path):
    folder = tmp_path / "run"
    assert not begin_run(folder, "search", {"a": (1, 2)}, command="rlnas search")
    assert run_kind(folder) == "search"
    assert read_command(folder) == "rlnas search"
    assert "numpy" in read_versions(folder)
    with pytest.raises(RunError, match="--resume"):
        begin_run(folder, "search", {"a": (1, 2)})
    assert begin_run(folder, "search", {"a": (1, 2)}, resume=True)
    with pytest.raises(RunError, match=r"a.1 is 2 there, not 3"):
        begin_run(folder, "search", {"a": (1, 3)}, resume=True)
    with pytest.raises(RunError, match="no train run"):
        begin_run(folder, "train", {}, resume=True)


def test_resume_begins_a_run_that_is_not_there(tmp_path):
    assert not begin_run(tmp_path / "new", "search", {}, resume=True)


def test_folders_that_are_no_runs_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="is a file"):
        begin_run(tmp_path / "file", "search", {})
    with pytest.raises(RunError, match="no run folder"):
        run_kind(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        run_kind(tmp_path)
    (tmp_path / "config.json").write_text('{"search": {"suite": "s"}}')
    with pytest.raises(RunError, match="describes no search run"):
        SearchRun.open(tmp_path)


def test_rows_and_curves_agree_with_the_searches(suite, tmp_path):
    run = SearchRun.begin(tmp_path / "r", plan(), suite)
    with pytest.raises(RunError, match="no finished search"):
        run.rows()
    fill(run)
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
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "r" / "rows.parquet"), rows)
    opened = SearchRun.open(tmp_path / "r")
    assert opened.plan == run.plan


def test_missing_are_the_searches_without_a_file(suite, tmp_path):
    run = SearchRun.begin(tmp_path / "r", plan(), suite)
    fill(run)
    gone = RunCell("random", NO_SOURCE, "a", 1)
    (run.folder / gone.path).unlink()
    assert run.missing() == [gone]
    assert len(run.rows()) == 5


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
def test_plans_out_of_range_are_refused(changes, message):
    with pytest.raises(InvalidArgumentError, match=message):
        plan(**changes)


def test_summary_of_searches(suite, tmp_path):
    run = SearchRun.begin(tmp_path / "r", plan(), suite)
    fill(run)
    rows = run.rows()
    (entry,) = search_summary(rows)
    a = rows[rows["target"] == "a"]
    assert list(entry["mean_over_tasks"]["rank_at"]) == [10, 20, 25]
    assert entry["tasks"]["a"]["rank_at"][25]["mean"] == pytest.approx(a["rank"].mean())
    assert entry["tasks"]["a"]["rank_at"][10]["mean"] == pytest.approx(a["rank_at_10"].mean())
    assert entry["mean_over_tasks"]["rank_at"][25]["mean"] == pytest.approx(rows["rank"].mean())
    best = a.loc[a["best_score"].idxmax(), "best_architecture"]
    assert entry["tasks"]["a"]["best_architecture"] == best
    json.dumps(entry)
    assert len(search_tables([entry])) == 1
    assert search_tables([entry])[0].row_count == 3  # two tasks and their mean


def test_failed_searches_have_no_score_and_the_worst_rank(suite, tmp_path):
    run = SearchRun.begin(tmp_path / "r", plan(tasks=("a",)), suite)
    fill(run)
    rows = run.rows()
    rows["best_score"], rows["best_architecture"] = np.nan, None
    (entry,) = search_summary(rows)
    assert entry["tasks"]["a"]["best_architecture"] is None
    assert entry["tasks"]["a"]["best_score"]["n"] == 0
