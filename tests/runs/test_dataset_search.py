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


def test_a_search_gives_back_its_run_and_goes_on_with_more_queries(tmp_path):
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


def test_what_its_files_say_is_checked(tmp_path):
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
