"""A search on images by a call: what it says on the way, gives back and refuses."""

import pandas as pd
import pytest

import rlnas
from rlnas.errors import RunError
from rlnas.runs import TrainingSearchRun

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
