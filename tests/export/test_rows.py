"""Raw rows in an exported model: how they are read, and what is said of those that do not fit."""

import gzip
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from rlnas.datasets.tables import load_table_data
from rlnas.datasets.tables.columns import LARGEST
from rlnas.export import export_table_model, rows
from rlnas.export.rows import cell_number, read
from rlnas.networks import build_dense_network
from rlnas.spaces import get_space


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", b'a,b c\n1,x\n2,"y, z"\n'),
        ("t.csv", b'\xef\xbb\xbfa, b c\r\n1, x\r\n\r\n2,"y, z"\r\n'),
        ("t.csv", b"\n a ;b c\n1;x\n2;y, z\n"),
        ("t.tsv", b"a\tb c\n1\tx\n2\ty, z\n"),
        ("t.csv", "a|b c\n1|x\n2|y, z\n".encode("utf-16")),
        ("t.csv.gz", gzip.compress(b'a,b c\n1,x\n2,"y, z"\n', mtime=0)),
    ],
)
def test_rows_are_read_as_in_training(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert read(tmp_path / name) == [{"a": "1", "b c": "x"}, {"a": "2", "b c": "y, z"}]


def test_other_encodings_and_signs(tmp_path):
    (tmp_path / "t.csv").write_bytes("größe#b\n1#2\n".encode("latin-1"))
    assert read(tmp_path / "t.csv", "#") == [{"größe": "1", "b": "2"}]


def test_a_number_is_one_as_in_training(monkeypatch):
    monkeypatch.setattr(rows, "LARGEST", LARGEST)
    texts = ["1", " 2.5 ", "1e3", "1_000", "inf", "-Infinity", "", "NA", "two", "1,5"]
    own = pd.to_numeric(pd.Series(texts), errors="coerce")
    own = own.where(own.abs() <= LARGEST)
    np.testing.assert_array_equal([cell_number(text, "number") for text in texts], own)


def test_what_does_not_fit_is_one_line_and_what_is_new_is_no_error(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "town": rng.choice(["Rome", "Bonn"], 60)})
    frame["day"] = pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d")
    frame["y"] = rng.choice(["no", "yes"], 60)
    data = load_table_data(frame, "y")
    network = build_dense_network(get_space("dense"), "16-relu_identity_identity", data.spec)
    folder = export_table_model(network.eval(), tmp_path / "best", data.preparation)
    odd = pd.DataFrame({"a": ["x", ""], "town": ["Oslo", None], "day": ["soon", "9999-12-31"]})
    (tmp_path / "t.csv").write_text(odd.to_csv(index=False))
    (tmp_path / "less.csv").write_text("a,town\n1,Rome\n")
    (tmp_path / "none.csv").write_text("a,town,day\n")
    names = [str(tmp_path / name) for name in ("t.csv", "less.csv")]
    done = subprocess.run(
        [sys.executable, str(folder / "model.py"), *names],
        capture_output=True,
        text=True,
        check=False,
    )
    told = network(torch.from_numpy(data.preparation.inputs(odd))).softmax(dim=1).amax(dim=1)
    said = [line.split("\t")[1] for line in done.stdout.splitlines()]
    assert said == [f"{share:.3f}" for share in told.tolist()]
    assert done.returncode == 1
    assert done.stderr == (
        f"{names[1]}: row 1 has no column 'day'; expected a cell for each of a, day, town\n"
    )
    done = subprocess.run(
        [sys.executable, str(folder / "model.py"), str(tmp_path / "none.csv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "there are no rows" in done.stderr
    assert done.stderr.count("\n") == 1
