"""Cells as inputs: fitted on training rows alone, the same as scikit-learn's own pipeline."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from rlnas.datasets.tables.preparation import (
    FARTHEST,
    fit_preparation,
    preparation_of,
)
from rlnas.errors import DataError


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    size = 200
    return pd.DataFrame(
        {
            "plain": rng.normal(5, 3, size),
            "holes": np.where(rng.random(size) < 0.2, np.nan, rng.normal(size=size)),
            "town": rng.choice(["Rome", "Oslo", "Bonn"], size),
            "street": [f"street {int(n)}" for n in rng.exponential(12, size)],
        }
    )


def test_inputs_are_those_of_scikit_learn(rows):
    train, others = rows[:150], rows[150:]
    found, _ = fit_preparation(train, ["y"])
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler()
    ).fit(train[["plain", "holes"]])
    expected = [numbers.transform(others[["plain", "holes"]])]
    for name in ("town", "street"):
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=32, sparse_output=False
        ).fit(train[[name]])
        expected.append(encoder.transform(others[[name]]))
    np.testing.assert_allclose(found.inputs(others), np.hstack(expected), atol=1e-6)
    assert found.features == sum(block.shape[1] for block in expected)


def test_nothing_but_the_training_rows_is_read(rows):
    train = rows[:100]
    found, _ = fit_preparation(train, ["y"])
    assert found.numbers[0].mean == pytest.approx(train["plain"].mean())
    assert "Oslo" in found.words[0].words
    strange = rows[100:102].assign(town="Atlantis", plain=1e9)
    inputs = found.inputs(strange)
    assert inputs[:, 0].tolist() == [FARTHEST, FARTHEST]  # far beyond what was seen
    assert (inputs[:, 3:6] == 0).all()  # no known town


def test_columns_that_tell_nothing_are_left_out_and_said(rows):
    train = rows.assign(same=1, empty=np.nan, name=[f"n{i}" for i in range(len(rows))], word="x")
    found, notes = fit_preparation(train, ["y"])
    assert found.columns == ("plain", "holes", "town", "street")
    text = " ".join(notes)
    for part in ("constant: same, word", "empty: empty", "another word in every row: name"):
        assert part in text
    with pytest.raises(DataError, match="No column is left"):
        fit_preparation(train[["same", "name"]], ["y"])


def test_it_is_plain_data(rows):
    found, _ = fit_preparation(
        rows.assign(day="2024-01-01", plain=rows["plain"].astype(str)), ["y"], classes=("a", "b")
    )
    assert preparation_of(json.loads(json.dumps(found.to_dict()))) == found


def test_a_missing_column_is_said(rows):
    found, _ = fit_preparation(rows, ["y"])
    with pytest.raises(DataError, match="no column 'town'"):
        found.inputs(rows.drop(columns="town"))
