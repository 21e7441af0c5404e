"""Loading a table, beside the same content in the layout that its authors publish."""

import json

import pytest

from rlnas.bench.measures import tables
from rlnas.bench.measures.tables import measure_table_loading
from rlnas.errors import InvalidArgumentError, UnknownNameError


def check_seconds(seconds, repeats):
    assert len(seconds["repeats"]) == repeats
    assert 0 < seconds["min"] <= seconds["median"] <= seconds["max"]


def test_the_built_in_suite_has_no_official_layout():
    result = measure_table_loading("synthetic-micro", repeats=3)
    assert json.loads(json.dumps(result)) == result
    assert (result["suite"], result["bytes"], result["official"]) == ("synthetic-micro", None, None)
    check_seconds(result["seconds"], 3)
    check_seconds(result["seconds_with_scores"], 3)
    assert result["seconds"]["median"] < 0.05


def test_contenders_take_turns():
    order = []
    jobs = {("a", name): lambda name=name: order.append(name) for name in "xyz"}
    times = tables._in_turns(jobs, 2)
    assert order == list("xyzxyz")
    assert [len(times["a", name]["repeats"]) for name in "xyz"] == [2, 2, 2]


def test_mistakes():
    with pytest.raises(InvalidArgumentError, match="repeats is 0"):
        measure_table_loading("synthetic-micro", repeats=0)
    with pytest.raises(InvalidArgumentError, match="official-size"):
        measure_table_loading("synthetic-micro", variants=["half-size"])
    with pytest.raises(UnknownNameError, match="synthetic-micro"):
        measure_table_loading("synthetic")


@pytest.mark.realdata
@pytest.mark.parametrize("suite", ["transnas-micro", "nasbench-201"])
def test_published_tables_load_in_milliseconds(real_suite, suite):
    real_suite(suite)
    result = measure_table_loading(suite, repeats=3, variants=())
    assert result["official"] is None
    # Milliseconds on a quiet machine; what is feared here is a table that is parsed again.
    assert result["seconds"]["min"] <= 0.25
    assert result["seconds_with_scores"]["min"] <= 0.25


@pytest.mark.realdata
def test_a_table_loads_many_times_faster_than_the_same_content_as_published(real_suite):
    real_suite("transnas-micro")
    result = measure_table_loading("transnas-micro", repeats=3)
    assert json.loads(json.dumps(result)) == result
    assert result["bytes"] > 4096 * 7 * 8
    assert list(result["official"]) == ["same-content"]
    row = result["official"]["same-content"]
    assert row["filled"] == "nothing"
    assert row["bytes"] > 4096 * 7 * 9
    for way in ("weights_only", "any_pickle"):
        check_seconds(row[way]["seconds"], 3)
        ratio = row[way]["seconds"]["median"] / result["seconds"]["median"]
        assert row[way]["times_faster"] == pytest.approx(ratio)
    # More than fifty times on a quiet machine (experiments/speed); others may be at work here.
    assert row["weights_only"]["times_faster"] >= 10
    assert row["weights_only"]["times_faster_with_scores"] >= 10
    assert row["any_pickle"]["times_faster"] >= 5
