"""Tables as data of a task: what a network sees, and nothing of the test in what was fitted."""

import numpy as np
import pandas as pd
import pytest
import torch

from rlnas.datasets.tables import TableOptions, load_table_data, table_names
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError


@pytest.mark.parametrize("name", table_names())
def test_the_tables_of_scikit_learn(name):
    data = load_table_data(name)
    for split in (data.train, data.valid, data.test):
        inputs, targets = split.batch(torch.arange(len(split)))
        assert inputs.shape == (len(split), data.spec.features)
        assert inputs.isfinite().all()
        shape = (len(split),) if data.spec.classes else (len(split), data.spec.outputs)
        assert targets.shape == shape
    train = data.train.batch(torch.arange(len(data.train)))[0]
    assert train.mean(dim=0).abs().max() < 0.2  # standardised, but for what was cut
    assert data.spec.kind == ("vector" if name in ("diabetes", "linnerud") else "class")


def test_a_file_and_its_frame_are_the_same_data(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.choice(["x", "y"], 60)})
    frame["y"] = np.where(frame["a"] > 0, "up", "down")
    frame.to_csv(tmp_path / "t.csv", index=False)
    one, other = load_table_data(tmp_path / "t.csv", "y"), load_table_data(frame, "y")
    assert one.spec == other.spec
    assert one.preparation.words == other.preparation.words
    torch.testing.assert_close(one.test.inputs, other.test.inputs)


def test_what_is_fitted_does_not_see_the_test():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"day": np.arange(100), "a": rng.normal(size=100), "b": rng.normal(size=100)}
    )
    frame["y"] = frame["a"] * 2 + rng.normal(size=100)
    first = load_table_data(frame, "y", time="day")
    changed = frame.copy()
    changed.loc[85:, ["a", "y"]] = 1e6  # the newest, which are tested
    changed.loc[85:, "b"] = np.nan
    second = load_table_data(changed, "y", time="day")
    assert first.preparation == second.preparation
    assert torch.equal(first.train.inputs, second.train.inputs)


def test_equal_data_have_equal_fingerprints():
    one = load_table_data("wine", seed=1)
    assert one.fingerprint == load_table_data("wine", seed=1).fingerprint
    assert one.fingerprint != load_table_data("wine", seed=2).fingerprint
    assert one.fingerprint != load_table_data("wine", seed=1, leave_out="ash").fingerprint


def test_a_column_that_says_the_target_is_a_note():
    frame = pd.DataFrame({"a": np.arange(40.0), "code": [0, 1] * 20, "y": ["n", "p"] * 20})
    (note,) = load_table_data(frame, "y").notes
    assert "read off code" in note
    assert not load_table_data(frame, "y", leave_out="code").notes


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"table": "wein"}, UnknownNameError, "Did you mean 'wine'"),
        ({"table": "wine", "target": "ashes"}, UnknownNameError, "Did you mean 'ash'"),
        ({"table": "wine", "leave_out": "ashes"}, UnknownNameError, "'ash'"),
        ({"table": "wine", "target": ("ash", "ash")}, InvalidArgumentError, "must differ"),
        ({"table": "wine", "group": "ash", "target": "ash"}, InvalidArgumentError, "must differ"),
        ({"table": "none.csv", "target": "y"}, DataError, "There is no file"),
    ],
)
def test_what_cannot_be_loaded(options, error, message):
    with pytest.raises(error, match=message):
        load_table_data(TableOptions(**options))


def test_a_target_is_asked_for(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n2,3\n")
    with pytest.raises(InvalidArgumentError, match="one of: a, b"):
        load_table_data(tmp_path / "t.csv")


def test_a_million_rows(tmp_path):
    rng = np.random.default_rng(0)
    cells = zip(rng.normal(size=1000), rng.choice(["x", "y"], 1000), strict=True)
    block = "".join(f"{number:.6f},{word},{number + rng.normal():.4f}\n" for number, word in cells)
    (tmp_path / "t.csv").write_text("a,b,y\n" + 1000 * block)
    data = load_table_data(tmp_path / "t.csv", "y")
    assert len(data.train) == 700_000
    assert data.spec.features == 3
