"""The page of a search that trained its architectures, from a folder made by hand."""

import json

import pandas as pd
import pytest

from rlnas.errors import RunError
from rlnas.reporting import DatasetSearchResults, load_results, write_report
from rlnas.run_folder import begin_run
from rlnas.search import SearchResult
from rlnas.spaces import get_space
from rlnas.tasks import Budget, Evaluation, Metric, QueryRecord
from rlnas.training.objective.records import RecordFolder, TrainingRecord

SPACE = get_space("transnas-micro")
ACCURACY = Metric(name="valid_top1", unit="%")
ERROR = Metric(name="valid_loss", direction="min")
SECRET = 12.34567  # the test metric of everything but the best


def make_run(folder, values, *, metric=ACCURACY, best=None):
    """Write a run whose queries came to raw values, None for a failure."""
    begin_run(folder, "training-search", {"recipe": {"epochs": 2}, "task": "class", "workers": 2})
    names = [SPACE.format(v) for v in SPACE.from_index(range(len(values)))]
    queries = []
    records = RecordFolder(folder / "architectures", {})
    for number, (name, value) in enumerate(zip(names, values, strict=True), start=1):
        if value is None:
            record = TrainingRecord.failed(name, "killed", "the worker was <killed>", 3.0)
        else:
            history = tuple(
                {"epoch": e, "valid_metric": value * e / 2, "train_metric": value} for e in (1, 2)
            )
            record = TrainingRecord(
                architecture=name,
                score=metric.sign * value,
                seconds=60.0,
                best_epoch=2,
                valid={"metric": value},
                test={"metric": SECRET},
                history=history,
                device="cpu",
            )
        records.write(record)
        evaluation = Evaluation(record.score, record.seconds, record.error)
        queries.append(QueryRecord(number, name, SPACE.parse(name), evaluation, 1.0))
    result = SearchResult("data/class", SPACE.name, "random", 3, Budget(9), metric, tuple(queries))
    result.save(folder / "search.parquet")
    about = {}
    if best is not None:
        about = {
            "architecture": names[best],
            "valid": {"metric": values[best]},
            "test": {"metric": 87.5},
            "valid_size": 200,
            "test_size": 80,
            "data": "data: 5 + 200 + 80 images",
            "notes": ["3 files are <twice> there."],
            "classes": ["<b>cat</b>", "dog"],
            "counts_examples": metric is ACCURACY,
            "confusion": [[30, 10], [0, 40]] if metric is ACCURACY else None,
            "live_parameters": 1234,
            "macs": 5e6,
        }
    (folder / "best.json").write_text(json.dumps(about))
    rows = result.to_frame().assign(
        valid=metric.sign * result.scores, epochs=2, parameters=1234, macs=5e6
    )
    rows["seconds"] = [query.evaluation.cost for query in queries]
    rows.to_parquet(folder / "rows.parquet")
    return names


def test_the_page_of_an_accuracy(tmp_path):
    names = make_run(tmp_path, [70.0, None, 90.0, 80.0, None], best=2)
    page = write_report(tmp_path).read_text()
    assert f"The best of 5: {names[2]}. 90 % on validation images, 87.5 % [78.5, 93.1]" in page
    # 90 % against the median of 80 %, of 200 images each: Newcombe's method 10.
    assert "10.0 points above the median of the 3 trained (80 %), 95 % interval [3.0, 17.0]" in page
    assert "The interval excludes 0." in page
    assert "2 failed; each spent its query." in page
    assert "the worker was &lt;killed&gt;" in page
    assert "3 files are &lt;twice&gt; there." in page
    assert "&lt;b&gt;cat&lt;/b&gt;" in page
    assert "<b>cat" not in page
    assert "75.0 %" in page  # 30 of 40 cats
    assert "3 min of training" in page  # 3 × 60 + 2 × 3 seconds
    assert "2 at once" in page
    assert str(SECRET)[:5] not in page
    assert {p.name for p in tmp_path.glob("*.png")} == {"progress.png", "learning.png"}


def test_small_differences_are_not_called_differences(tmp_path):
    make_run(tmp_path, [89.0, 90.0, 89.5], best=1)
    page = write_report(tmp_path).read_text()
    assert "The interval includes 0" in page


def test_the_page_of_a_loss(tmp_path):
    names = make_run(tmp_path, [0.5, 0.2, None, 0.4], metric=ERROR, best=1)
    page = write_report(tmp_path).read_text()
    assert f"The best of 4: {names[1]}. 0.2 on validation images" in page
    assert "Lower is better." in page
    assert "median of the 3 trained is 0.4" in page
    assert "Wilson" not in page
    assert page.index(names[1]) < page.index(names[3]) < page.index(names[0])
    assert "Classes</h2>" not in page


def test_the_page_of_failures_alone(tmp_path):
    make_run(tmp_path, [None, None])
    page = write_report(tmp_path).read_text()
    assert "All 2 queries failed." in page
    assert "How sure" not in page


def test_many_architectures_are_folded_away(tmp_path):
    make_run(tmp_path, [float(v) for v in range(50, 80)], best=29)
    assert "The other 10" in write_report(tmp_path).read_text()


def test_an_unfinished_run_says_so(tmp_path):
    make_run(tmp_path, [70.0], best=0)
    (tmp_path / "rows.parquet").unlink()
    with pytest.raises(RunError, match="resume=True"):
        write_report(tmp_path)
    make_run(tmp_path / "other", [70.0], best=0)
    (tmp_path / "other" / "best.json").write_text("{")
    with pytest.raises(RunError, match=r"best\.json is no readable description"):
        write_report(tmp_path / "other")
    assert len(pd.read_parquet(tmp_path / "other" / "rows.parquet")) == 1


def test_its_results_have_a_table_and_figures(tmp_path):
    names = make_run(tmp_path, [70.0, None, 90.0], best=2)
    results = load_results(tmp_path)
    assert isinstance(results, DatasetSearchResults)
    assert results.search.task == "data/class"
    assert list(results.rows["architecture"]) == names
    assert next(results.table().columns[0].cells) == names[2]  # the best first
    assert results.figures() == ("progress", "learning")
    assert results.figure("learning").axes
