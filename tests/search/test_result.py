"""Search results: the best, best-so-far, the frame, and the way to disk and back."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rlnas.errors import DataError, RlnasError
from rlnas.search import RandomSearch, SearchResult
from rlnas.spaces import CellSpace, get_space
from rlnas.tasks import Budget, Evaluation, Metric, make_task

SPACE = CellSpace("tiny", [(0, 1), (0, 2), (1, 2)], ["none", "skip", "conv"])


def searched(evaluate=lambda text: {"score": text.count("conv"), "cost": 2.0}, budget=8, **options):
    return RandomSearch().search(make_task(SPACE, evaluate, **options), budget, seed=3)


def flaky(text):
    if text.startswith("none"):
        raise RuntimeError("no “memory”")
    return Evaluation(
        float(text.count("conv")), 2.0, None, {"params": 1.5} if "skip" in text else {}
    )


def comparable(result):
    rows = [
        (
            r.query,
            r.architecture,
            r.vector.tolist(),
            repr(r.score),
            r.evaluation.cost,
            r.evaluation.error,
            dict(r.evaluation.metrics),
            r.seconds,
        )
        for r in result.records
    ]
    rest = (result.task, result.space, result.searcher, result.seed, result.budget, result.metric)
    return rows, rest, dict(result.options)


def test_best_and_best_so_far_ignore_failures():
    result = searched(flaky, budget=27)
    assert np.isnan(result.scores).sum() == 9
    good = result.scores[~np.isnan(result.scores)]
    assert result.best.score == good.max() == 3.0
    assert result.best.architecture == "conv,conv,conv"
    expected, best = [], np.nan
    for score in result.scores:
        best = np.fmax(best, score)
        expected.append(best)
    np.testing.assert_array_equal(result.best_so_far, expected)


def test_the_best_of_nothing_says_why():
    result = searched(lambda text: 1 / 0)
    with pytest.raises(RlnasError, match=r"All 8 queries of random on custom failed.*ZeroDivision"):
        _ = result.best
    assert np.isnan(result.best_so_far).all()


def test_cost_is_what_was_spent():
    assert searched(budget=5).cost == 10.0


def test_the_frame_has_one_row_a_query():
    frame = searched(flaky, budget=27).to_frame()
    assert list(frame.columns) == [
        "query",
        "architecture",
        "score",
        "value",
        "best_so_far",
        "cost",
        "seconds",
        "error",
        "metric/params",
    ]
    assert frame["query"].tolist() == list(range(1, 28))
    failed = frame["error"].notna()
    assert failed.sum() == 9
    assert frame["score"].isna().equals(failed)
    assert frame["seconds"].is_monotonic_increasing


@pytest.mark.parametrize(
    "make",
    [
        searched,
        lambda: searched(flaky, budget=27),
        lambda: searched(lambda text: 1 / 0),
        lambda: searched(budget=Budget(cost=5.0), metric="loss", unit="nats", direction="min"),
        lambda: SearchResult("t", "s", "nobody", 0, Budget(3), Metric(name="m"), ()),
    ],
    ids=["plain", "flaky", "all failed", "cost budget", "empty"],
)
def test_a_saved_result_comes_back_the_same(make, tmp_path):
    result = make()
    path = result.save(tmp_path / "deep" / "result.parquet")
    loaded = SearchResult.load(path)
    assert comparable(loaded) == comparable(result)
    np.testing.assert_array_equal(loaded.best_so_far, result.best_so_far)
    assert [p.name for p in path.parent.iterdir()] == ["result.parquet"], "no partial file is left"


def test_the_file_holds_the_frame_and_one_written_from_the_frame_is_read(tmp_path):
    result = searched(flaky, budget=27)
    path = result.save(tmp_path / "r.parquet")
    header = pq.read_schema(path).metadata[b"rlnas.search"]
    table = pa.Table.from_pandas(result.to_frame(), preserve_index=False)
    metadata = {**table.schema.metadata, b"rlnas.search": header}
    other = tmp_path / "frame.parquet"
    pq.write_table(table.replace_schema_metadata(metadata), other)
    written = pd.read_parquet(other)
    assert written.pop("value").equals(written["score"])  # not kept: it follows from the score
    pd.testing.assert_frame_equal(pd.read_parquet(path), written)
    loaded = SearchResult.load(other)
    assert comparable(loaded) == comparable(result)
    assert all(r.vector.dtype == np.int8 for r in loaded.records)


def test_strings_of_real_spaces_survive(tmp_path):
    task = make_task(get_space("nasbench-201"), len)
    result = RandomSearch().search(task, 5, seed=0)
    loaded = SearchResult.load(result.save(tmp_path / "r.parquet"))
    assert [r.architecture for r in loaded.records] == [r.architecture for r in result.records]


def test_saving_again_replaces(tmp_path):
    path = tmp_path / "result.parquet"
    searched(budget=3).save(path)
    searched(budget=6).save(str(path))
    assert len(SearchResult.load(str(path)).records) == 6


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.parquet"):
        SearchResult.load(tmp_path / "nowhere.parquet")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_a_data_error(tmp_path, share):
    path = searched().save(tmp_path / "result.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match="no readable Parquet file"):
        SearchResult.load(path)


def test_another_parquet_file_is_a_data_error(tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"x": [1, 2]}), path)
    with pytest.raises(DataError, match="not a search result"):
        SearchResult.load(path)


def rewritten(path, change):
    """Write the file again with changed metadata."""
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    metadata[b"rlnas.search"] = change(metadata[b"rlnas.search"])
    del metadata[b"rlnas.checksum"]
    pq.write_table(table.replace_schema_metadata(metadata), path)


def without(key):
    return lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != key}).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"{",
        lambda text: b"[]",
        lambda text: b"\xff\xfe",
        without("vectors"),
        without("budget"),
        lambda text: text.replace(b'"vectors": [[', b'"vectors": [[1], ['),
        lambda text: text.replace(b'"queries": 8', b'"queries": -8'),
        lambda text: text.replace(b'"direction": "max"', b'"direction": "up"'),
    ],
)
def test_a_damaged_header_is_a_data_error(tmp_path, change):
    path = searched().save(tmp_path / "result.parquet")
    before = pq.read_table(path).schema.metadata[b"rlnas.search"]
    rewritten(path, change)
    assert pq.read_table(path).schema.metadata[b"rlnas.search"] != before
    with pytest.raises(DataError, match="no readable search result"):
        SearchResult.load(path)


@pytest.mark.parametrize("number", [1e308, 0, 1.5, -1, 2.0])
def test_a_wrong_number_of_a_query_is_a_data_error(tmp_path, number):
    path = searched().save(tmp_path / "result.parquet")
    table = pq.read_table(path)
    metadata = {k: v for k, v in table.schema.metadata.items() if k != b"rlnas.checksum"}
    numbers = pa.array([number] * len(table))
    at = table.column_names.index("query")
    pq.write_table(table.set_column(at, "query", numbers).replace_schema_metadata(metadata), path)
    with pytest.raises(DataError, match="no readable search result"):
        SearchResult.load(path)


def test_one_bit_is_noticed_anywhere(tmp_path, flipped):
    path = searched().save(tmp_path / "result.parquet")
    content = path.read_bytes()
    for place in range(0, len(content), 13):
        path.write_bytes(flipped(content, place))
        with pytest.raises(DataError):
            SearchResult.load(path)


def test_a_file_without_a_checksum_is_read(tmp_path):
    result = searched()
    path = result.save(tmp_path / "result.parquet")
    rewritten(path, lambda text: text)
    assert SearchResult.load(path) == result


def test_what_cannot_be_stored_does_not_lose_the_rest(tmp_path, caplog):
    result = searched()
    first, second, *rest = result.records
    odd = dataclasses.replace(
        first.evaluation, metrics={1: 2.0, "map": np.ones(3), "note": "good", "a\ud800": 1.0}
    )
    failed = dataclasses.replace(second.evaluation, score=np.nan, error="half a sign: \ud800")
    records = (
        dataclasses.replace(first, evaluation=odd),
        dataclasses.replace(second, evaluation=failed),
        *rest,
    )
    options = {"model": object, "depth": 3, "levels": {1, 2}}
    path = dataclasses.replace(result, records=records, options=options).save(tmp_path / "r")
    assert "not all of this result can be stored" in caplog.text
    loaded = SearchResult.load(path)
    assert [r.architecture for r in loaded.records] == [r.architecture for r in result.records]
    assert loaded.records[0].score == first.score
    assert loaded.records[0].evaluation.metrics == {"1": 2.0, "a\\ud800": 1.0}
    assert loaded.records[1].evaluation.error == "half a sign: \\ud800"
    assert loaded.options["depth"] == 3
