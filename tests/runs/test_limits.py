"""Limits of runs: from which counts they come, and that a resumed search asks the same."""

import numpy as np
import pytest

import rlnas
from rlnas.benchmarks import load_suite
from rlnas.errors import InvalidArgumentError, RunError
from rlnas.networks import NetworkCounts
from rlnas.runs import SearchRun, search_suite
from rlnas.runs.limits import limit_suite

SMALL = {
    **{"image_size": 8, "train_size": 64, "valid_size": 60, "test_size": 50},
    **{"epochs": 1, "width": 4, "modules": "4", "cells": 1, "device": "cpu"},
}


def test_a_built_in_table_counted_the_networks_that_it_trained():
    suite = load_suite("rooms-micro")
    limit_suite(suite, "rooms-micro", {"macs": 6e5, "parameters": 1e5})
    scene, pixels = suite["class_scene"], suite["segmentsemantic"]
    allowed = scene.limits.allowed(scene.space.arrays)
    assert 0 < allowed.sum() < scene.space.size
    # The decoder makes each network of another task dearer.
    assert pixels.limits.allowed(scene.space.arrays).sum() < allowed.sum()


def test_other_suites_are_counted_in_the_published_skeleton():
    suite = load_suite("synthetic-micro")
    task = next(iter(suite.values()))
    counts = NetworkCounts.published(task.space).values(("macs",), task.space.arrays)[0]
    most = float(np.quantile(counts, 0.1))
    limit_suite(suite, "synthetic-micro", {"macs": most})
    np.testing.assert_array_equal(task.limits.allowed(task.space.arrays), counts <= most)
    with pytest.raises(InvalidArgumentError, match="latency_ms cannot be limited on the suite"):
        limit_suite(suite, "synthetic-micro", {"latency_ms": 1})


def test_a_run_of_a_suite_keeps_its_limits(tmp_path):
    def search(most, **options):
        return search_suite(
            "rooms-micro",
            ("class_scene",),
            ("local",),
            out=tmp_path / "run",
            queries=20,
            seeds=(0,),
            limits={"macs": most},
            **options,
        )

    run = search(6e5)
    assert SearchRun.open(run.folder).plan.limits == {"macs": 6e5}
    result = run.result(run.parts()[0])
    counts = run.suite["class_scene"].limits.allowed(np.array([r.vector for r in result.records]))
    assert counts.all()
    assert result.options["limits"] == {"macs": 6e5}
    with pytest.raises(RunError, match="limits"):
        search(7e5, resume=True)


def test_a_search_that_trains_passes_by_what_costs_too_much(tmp_path):
    def search(queries, **options):
        return rlnas.search_dataset(
            "digits",
            "random",
            queries,
            out=tmp_path / "run",
            limits={"macs": 20_000, "latency_ms": 1e9},
            **SMALL,
            **options,
        )

    run = search(2)
    assert (run.rows["macs"] <= 20_000).all()
    assert run.settings["limits"] == {"macs": 20_000, "latency_ms": 1e9}
    assert run.result.options["refused"] >= 0
    kept = (run.folder / "costs.json").read_text()
    assert run.rows["architecture"][0] in kept
    front = run.pareto("parameters", "macs")
    assert set(front.costs) == {"parameters", "macs"}
    longer = search(3, resume=True)
    assert list(longer.rows["architecture"][:2]) == list(run.rows["architecture"])
    with pytest.raises(InvalidArgumentError, match="MeasuredCosts"):
        run.pareto("latency_ms")


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"watts": 3}, "known are parameters"),
        ({"macs": 1}, "Allow more"),
        ({"macs": -1}, "above 0"),
    ],
)
def test_wrong_limits_are_said_before_anything_is_written(tmp_path, limits, says):
    with pytest.raises(InvalidArgumentError, match=says):
        rlnas.search_dataset("digits", "random", 2, out=tmp_path / "run", limits=limits, **SMALL)
    assert not (tmp_path / "run").exists()
