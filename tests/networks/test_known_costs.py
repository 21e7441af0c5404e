"""Costs that a search may know beforehand: counts as elsewhere, measurements once and kept."""

import numpy as np
import pytest

from rlnas.errors import RunError
from rlnas.networks import MeasuredCosts, NetworkCounts, known_costs, network_statistics
from rlnas.spaces import get_space

MICRO = get_space("transnas-micro")


def test_counts_are_those_of_the_statistics(make_spec, small_micro, sample):
    spec, vectors = make_spec("pixels"), sample("transnas-micro", 4)
    counts = NetworkCounts(MICRO, spec, small_micro)
    found = counts.values(("macs", "parameters"), vectors)
    for column, vector in enumerate(vectors):
        own = network_statistics(MICRO, vector, spec, small_micro)
        assert found[:, column].tolist() == [own.macs, own.parameters]
    assert counts.values(("macs",), vectors[:0]).shape == (1, 0)


def test_each_network_is_measured_once_and_the_numbers_are_kept(
    make_spec, small_micro, sample, tmp_path, monkeypatch
):
    spec, vectors = make_spec("class"), sample("transnas-micro", 2)
    options = {"device": "cpu", "batch": 4, "runs": 2, "warmup": 0, "file": tmp_path / "c.json"}
    costs = MeasuredCosts(MICRO, spec, small_micro, **options)
    assert costs.names == (
        *("latency_ms", "latency_spread_ms", "peak_memory_mb"),
        *("latency_ms_at_4", "latency_spread_ms_at_4", "peak_memory_mb_at_4"),
    )
    first = costs.values(costs.names, vectors)
    assert first.shape == (6, 2)
    assert (first[[0, 2, 3, 5]] > 0).all()
    assert (first[5] > first[2]).all()  # four need more memory than one

    def never(*_, **__):
        raise AssertionError("measured again")

    monkeypatch.setattr(known_costs, "measure_latency", never)
    np.testing.assert_array_equal(costs.values(costs.names, vectors), first)
    again = MeasuredCosts(MICRO, spec, small_micro, **options)
    np.testing.assert_array_equal(again.values(costs.names, vectors), first)


def test_a_damaged_file_is_said(make_spec, small_micro, tmp_path):
    (tmp_path / "c.json").write_text('{"64-41414-1_11_111": 3}')
    with pytest.raises(RunError, match="measure again"):
        MeasuredCosts(MICRO, make_spec("class"), small_micro, file=tmp_path / "c.json")
