"""A search on images by a call: what it says on the way, gives back and refuses."""

import json

import pandas as pd
import pytest

import rlnas
from rlnas.errors import RunError
from rlnas.parquet import write_frame
from rlnas.runs import TrainingSearchRun
from rlnas.sealed_json import write_sealed_json

SMALL = {
    **{"image_size": 8, "train_size": 64, "valid_size": 60, "test_size": 50},
    **{"epochs": 1, "width": 4, "modules": "4", "cells": 1, "device": "cpu"},
}


def test_a_search_gives_back_its_run_and_goes_on_with_more_queries(tmp_path, trained_here):
    said = []

    def search(queries, **options):
        return rlnas.search_dataset(
            "digits",
            "random",
            queries,
            out=tmp_path / "run",
            on_query=said.append,
            **{**SMALL, **options},
        )

    run = search(2)
    assert [record.query for record in said] == [1, 2]
    assert run.best["architecture"] == run.result.best.architecture
    assert list(run.rows["architecture"]) == [r.architecture for r in run.result.records]
    assert list(run.records) == list(run.rows["architecture"])
    again = TrainingSearchRun.open(run.folder)
    pd.testing.assert_frame_equal(again.rows, run.rows)
    with pytest.raises(RunError, match="resume=True"):
        search(3)
    with pytest.raises(RunError, match=r"recipe\.epochs is 1 there, not 2"):
        search(3, resume=True, epochs=2)
    longer = search(3, resume=True)
    assert list(longer.rows["architecture"][:2]) == list(run.rows["architecture"])
    assert len(longer.rows) == 3


def test_what_its_files_say_is_checked(tmp_path, trained_here):
    run = rlnas.search_dataset("digits", "random", 2, out=tmp_path, **SMALL)
    rows, best = run.rows, dict(run.best)
    for damaged in (rows[:1], rows[::-1], rows.drop(columns="error"), rows.assign(error=3)):
        write_frame(tmp_path / "rows.parquet", damaged)
        with pytest.raises(RunError, match=r"rows\.parquet"):
            TrainingSearchRun.open(tmp_path)
    write_frame(tmp_path / "rows.parquet", rows)
    for change in (
        {"confusion": [[1, 2]]},
        {"confusion": [[1] * 10] * 9 + [3]},
        {"schedule": {"parts": [1], "terms": []}},
        {"schedule": {"parts": ["head"], "terms": [{"what": "l3", "part": "head"}]}},
        {"schedule": 3},
        {"test_interval": ["a", "b"]},
        {"architecture": None},
        {"valid": {}},
        {"notes": "a text"},
        {"test_size": "many"},
        {"final_history": [{"valid_metric": 3.0}]},
    ):
        write_sealed_json(tmp_path / "best.json", {**best, **change})
        with pytest.raises(RunError, match=r"best\.json"):
            TrainingSearchRun.open(tmp_path)
    (tmp_path / "best.json").write_text(json.dumps(best))  # as an earlier version wrote it
    assert TrainingSearchRun.open(tmp_path).best == best


def test_schedules_are_searched_cut_and_exported(tmp_path, trained_here):
    """Every query trains one network; the best is cut, and its file gives the run's predictions."""
    import importlib.util

    import torch

    from rlnas.datasets.tables import TableOptions, load_table_data
    from rlnas.networks.cutting import cut_network
    from rlnas.training import prepare_training
    from rlnas.training.regularisation import Schedule, schedule_of

    how = {"schedule": "auto", "network": "32-relu_32-tanh_identity", "epochs": 8, "device": "cpu"}
    table = TableOptions(table="wine")
    run = rlnas.search_dataset(table, "genetic", 2, out=tmp_path / "run", **how)
    assert run.settings["network"] == "32-relu_32-tanh_identity"
    assert run.settings["space"] == run.result.space == "schedules"
    assert run.rows["parameters"].nunique() == 1
    best = run.best
    schedule = Schedule.from_dict({"terms": best["schedule"]["terms"]})
    setup = prepare_training(table, **how)
    assert schedule == schedule_of(setup.space, best["architecture"])
    network = setup.objective(tmp_path / "run" / "architectures").network(best["architecture"])
    assert best["live_parameters"] == cut_network(network).parameters_in_use
    path = tmp_path / "run" / "best" / "model.py"
    spec = importlib.util.spec_from_file_location("schedules_model", path)
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    inputs = load_table_data(table).test.inputs
    torch.testing.assert_close(model.load()(inputs), network(inputs), atol=1e-5, rtol=1e-5)
    other = {**how, "network": "16-relu_identity_identity"}
    with pytest.raises(RunError, match="network is"):
        rlnas.search_dataset(table, "genetic", 3, out=tmp_path / "run", resume=True, **other)


def test_proxies_of_dense_networks_and_a_named_schedule_for_all_of_them(tmp_path, trained_here):
    """After its first queries ProxyBO goes by proxies that are computed on rows of the table."""
    from rlnas.datasets.tables import TableOptions

    run = rlnas.search_dataset(
        TableOptions(table="diabetes"),
        "proxybo",
        3,
        out=tmp_path,
        options={"initial": 2, "live": 6},
        schedule="sparse-late",
        strength=3.0,
        epochs=2,
        final_epochs=3,
        device="cpu",
    )
    notes = run.result.records[-1].notes
    assert {"influence/snip", "influence/jacov", "influence/synflow"} <= set(notes)
    assert 1 <= notes["rank/candidates"] <= 6
    assert run.settings["recipe"]["regularisation"] == {"expert": "sparse-late", "strength": 3.0}
    for record in run.records.values():
        assert record.history[-1]["train_term_group"] > 0
    assert run.best["final_history"][0]["train_strength_group_layer-1"] == 0
    assert run.best["final_history"][-1]["train_strength_group_layer-1"] == 3
    low, high = run.best["test_interval"]
    assert low < run.best["test"]["metric"] < high
