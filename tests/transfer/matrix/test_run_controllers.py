"""Several controllers a source, and searches with seeds of one's own; the first stays as it was."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.errors import RunError
from rlnas.reporting import MatrixResults
from rlnas.transfer import MatrixConfig, MatrixRun, run_matrix

ONE = MatrixConfig(
    suite="synthetic-micro",
    tasks=("synthetic-0", "synthetic-1", "synthetic-2"),
    methods=("scratch", "zero-shot", "policy-reuse", "joint", "random"),
    seeds=2,
    free_seeds=3,
    queries=8,
    steps=512,
    controller=ControllerConfig(
        network=PolicyConfig(width=16), ppo=PPOConfig(num_envs=32, n_steps=16, batch_size=256)
    ),
)
KEYS = ["method", "source", "controller", "target", "seed"]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> MatrixRun:
    return run_matrix(ONE, tmp_path_factory.mktemp("controllers") / "one")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> MatrixRun:
    out = tmp_path_factory.mktemp("controllers") / "two"
    return run_matrix(dataclasses.replace(ONE, controllers=2), out)


def _stable(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=["seconds"]).sort_values(KEYS).reset_index(drop=True)


def test_what_has_no_source_is_measured_once_and_all_else_from_each_controller(two: MatrixRun):
    controllers = two.rows().groupby("method")["controller"].unique().map(sorted).to_dict()
    assert controllers["scratch"] == controllers["random"] == [0]
    assert controllers["zero-shot"] == controllers["policy-reuse"] == controllers["joint"] == [0, 1]
    assert not two.rows().duplicated(KEYS).any()
    counts = two.rows().groupby("method").size()
    assert counts["random"] == 3 * 3
    assert counts["scratch"] == 3 * 2


def test_the_first_controller_is_as_if_there_were_no_second(one: MatrixRun, two: MatrixRun):
    rows = two.rows()
    assert_frame_equal(_stable(rows[rows["controller"] == 0]), _stable(one.rows()))


def test_controllers_differ_in_weights_and_in_what_they_find(two: MatrixRun):
    first, second = (
        PPOController.load(two.folder / folder / "synthetic-0")
        for folder in ("sources", "sources-1")
    )
    assert (first.seed, second.seed) == (0, 1)
    assert first.sources == second.sources
    rows = two.rows()
    zero = rows[rows["method"] == "zero-shot"].set_index(KEYS)["best_architecture"]
    assert (zero.xs(0, level="controller") != zero.xs(1, level="controller")).any()


def test_pools_have_the_second_controller_of_every_source(two: MatrixRun):
    for cell in two.config.cells():
        assert {t.controller for t in two.config.trainings_of(cell)} <= {cell.controller}


def test_a_controller_is_the_one_that_its_seed_trains(two: MatrixRun, tmp_path: Path):
    tasks = ONE.tasks[:2]
    later = dataclasses.replace(ONE, tasks=tasks, methods=("zero-shot",), controller_seed=1)
    run = run_matrix(later, tmp_path / "later")
    first, second = (
        PPOController.load(folder / "synthetic-0").network.state_dict()
        for folder in (two.folder / "sources-1", run.folder / "sources")
    )
    for name, tensor in first.items():  # batches of another size round a little differently
        np.testing.assert_allclose(tensor, second[name], atol=1e-3)


def test_the_first_seed_moves_along(one: MatrixRun, tmp_path: Path):
    later = dataclasses.replace(ONE, methods=("random",), seed=1, free_seeds=2)
    rows = run_matrix(later, tmp_path / "later").rows()
    old = one.rows()
    same = old[(old["method"] == "random") & (old["seed"] > 0)]
    assert_frame_equal(_stable(rows), _stable(same))


def test_a_run_of_before_there_were_several_opens_and_goes_on(one: MatrixRun, tmp_path: Path):
    old = tmp_path / "old"
    shutil.copytree(one.folder, old)
    text = json.loads((old / "config.json").read_text())
    for name in ("controllers", "controller_seed", "free_seeds", "seed"):
        del text["matrix"][name]
    text["matrix"]["seeds"] = 2
    (old / "config.json").write_text(json.dumps(text))
    for name in ("rows", "curves"):
        frame = pd.read_parquet(old / f"{name}.parquet").drop(columns="controller")
        frame = frame[frame["seed"] < 2]
        frame.to_parquet(old / f"{name}.parquet")
    results = MatrixResults.load(old)
    assert (results.rows["controller"] == 0).all()
    assert (results.curves["controller"] == 0).all()
    # Every method had as many seeds, random too: 2 and not the 100 of a new run.
    for cell in (old / "cells" / "random").rglob("seed-0.parquet"):
        cell.unlink()
    config = dataclasses.replace(ONE, free_seeds=None)
    run = run_matrix(config, old, resume=True)
    assert run.finished
    rows = one.rows()
    expected = rows[(rows["method"] != "random") | (rows["seed"] < 2)]
    assert_frame_equal(_stable(run.rows()), _stable(expected))
    with pytest.raises(RunError, match="controllers"):
        run_matrix(dataclasses.replace(config, controllers=2), old, resume=True)


def test_what_costs_nothing_is_searched_more_often():
    config = MatrixConfig(tasks=("a", "b"), methods=("scratch", "random"), seeds=5)
    counts = {m: sum(c.method == m for c in config.cells()) for m in config.methods}
    assert counts == {"scratch": 2 * 5, "random": 2 * 100}
    more = dataclasses.replace(config, seeds=300)
    assert sum(c.method == "random" for c in more.cells()) == 2 * 300
    assert MatrixConfig.from_dict(config.to_dict()) == config


def test_the_report_says_what_is_drawn(two: MatrixRun):
    results = MatrixResults.load(two.folder)
    page = results.report().read_text()
    assert "2 seeds of each of 2 controllers" in page
    assert "resample the 3 targets and the 2 controllers of each source" in page
    pooled = results.pooled_transfer_metrics().set_index(["method", "sources"])
    assert pooled.loc[("zero-shot", "single"), "controllers"] == 2
    assert pooled.loc[("zero-shot", "single"), "runs"] == 6 * 2 * 2
    assert results.summary()["controllers"] == 2
    searches = {e["method"]: e["searches"] for e in results.summary()["entrants"]}
    assert (searches["zero-shot"], searches["random"], searches["scratch"]) == (4, 3, 2)
