"""One search, many networks: which ones, what is kept of each, and going on after a kill."""

import numpy as np
import pandas as pd
import pytest

from rlnas.errors import DivergedError, InvalidArgumentError, RunError
from rlnas.networks import network_statistics
from rlnas.one_shot.snps import SNPSTraining
from rlnas.reporting.pages.pareto import write_pareto_page
from rlnas.reporting.terminal.pareto import pareto_table
from rlnas.runs import pareto_run
from rlnas.runs.pareto_run import ParetoRun, search_front, weightiest
from rlnas.statistics.pareto import non_dominated
from rlnas.training.objective.task import prepare_training

SMALL = {
    **{"image_size": 8, "train_size": 64, "valid_size": 60, "test_size": 50},
    **{"epochs": 2, "width": 4, "modules": "4", "cells": 1, "device": "cpu"},
    **{"steps": 12, "points": 3},
}
SAME = ["architecture", "weight", "valid", "test", "parameters", "macs", "taught", "on_front"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return search_front("digits", out=tmp_path_factory.mktemp("front") / "run", **SMALL)


def test_every_point_is_trained_measured_and_exported(finished):
    rows = finished.rows
    assert len(rows) == 3
    assert rows["macs"].is_monotonic_increasing
    assert rows["taught"].tolist() == [True, True, False]  # the dearest teaches
    assert (rows[["latency_ms", "latency_ms_at_32", "peak_memory_mb", "valid"]] > 0).all(axis=None)
    front = non_dominated(np.stack([rows["macs"], -rows["score"]], axis=1))
    assert rows["on_front"].tolist() == front.tolist()
    for name in rows["architecture"]:
        model = finished.folder / "models" / name
        assert (model / "model.py").exists()
        assert (model / "model.safetensors").exists()
    assert finished.shapes[0]["kind"] == "begin"
    assert finished.shapes[-1]["kind"] == "end"


def test_the_page_and_the_table_show_every_network(finished):
    page = write_pareto_page(finished).read_text()
    assert all(name in page for name in finished.rows["architecture"])
    assert (finished.folder / "front.png").stat().st_size > 1000
    assert (finished.folder / "shrinking.svg").exists()
    assert pareto_table(finished).row_count == 3


def test_architectures_are_those_with_the_most_weight_for_their_cost():
    setup = prepare_training(
        "digits",
        "class",
        **{key: SMALL[key] for key in ("image_size", "train_size", "width", "modules", "cells")},
    )
    weights = np.tile([0.0, 0.1, 0.2, 0.9], (6, 1))
    chosen = weightiest(setup, weights, 4)
    macs = [
        network_statistics(setup.space, name, setup.data.spec, setup.config).macs
        for name, _ in chosen
    ]
    mass = [weight for _, weight in chosen]
    assert macs == sorted(macs)
    assert mass == sorted(mass)
    assert chosen[-1] == ("64-41414-3_33_333", pytest.approx(5.4))
    assert len(weightiest(setup, weights, 1000)) < 1000
    # An edge that leads nowhere has no weight that counts.
    assert weightiest(setup, np.eye(6, 4), 2)[0][1] <= 6


@pytest.mark.parametrize("place", ["search", "training"])
def test_a_killed_run_loses_nothing(finished, tmp_path, monkeypatch, place):
    out = tmp_path / "run"
    with monkeypatch.context() as patch:
        if place == "search":
            step = SNPSTraining.step

            def killed(self, number):
                if number == 7:
                    raise KeyboardInterrupt
                return step(self, number)

            patch.setattr(SNPSTraining, "step", killed)
        else:
            train, calls = pareto_run._train, []

            def killed_in_the_second(*arguments):
                calls.append(arguments)
                if len(calls) == 2:
                    raise KeyboardInterrupt
                return train(*arguments)

            patch.setattr(pareto_run, "_train", killed_in_the_second)
        with pytest.raises(KeyboardInterrupt):
            search_front("digits", out=out, **SMALL)
    with pytest.raises(RunError, match="not finished"):
        ParetoRun.open(out)
    with pytest.raises(RunError, match="resume=True"):
        search_front("digits", out=out, **SMALL)
    run = search_front("digits", out=out, resume=True, **SMALL)
    pd.testing.assert_frame_equal(run.rows[SAME], finished.rows[SAME], check_exact=True)
    assert run.shapes == finished.shapes


def test_a_network_that_diverges_is_a_row_and_the_others_go_on(tmp_path, monkeypatch):
    import rlnas.training.single

    train, calls = rlnas.training.single.train_network, []

    def diverging(*arguments, **options):
        calls.append(options["distillation"])
        if len(calls) == 1:
            raise DivergedError("The training loss is nan.")
        return train(*arguments, **options)

    monkeypatch.setattr("rlnas.training.train_network", diverging, raising=False)
    run = search_front("digits", out=tmp_path / "run", **{**SMALL, "steps": 2, "epochs": 1})
    assert run.rows["error"].notna().tolist() == [False, False, True]
    assert not run.rows["on_front"].iloc[-1]
    assert calls[1] is None  # what failed teaches nobody
    assert calls[2] is not None
    assert "failed" in write_pareto_page(run).read_text()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"points": 0}, "points"),
        ({"teacher": "me"}, "auto, none"),
        ({"space": "transnas-macro", "modules": None, "cells": None}, "no cells"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, wrong, says):
    with pytest.raises(InvalidArgumentError, match=says):
        search_front("digits", out=tmp_path / "run", **{**SMALL, **wrong})


def test_without_a_teacher_none_is_taught(tmp_path):
    options = {**SMALL, "steps": 2, "epochs": 1, "points": 2, "teacher": "none"}
    assert not search_front("digits", out=tmp_path / "run", **options).rows["taught"].any()
