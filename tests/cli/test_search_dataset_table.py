"""``rlnas search --table`` and ``rlnas evaluate --table``: from a file to a model that takes it."""

import csv
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer

from rlnas.cli.main import main
from rlnas.datasets.tables import load_table_data
from rlnas.runs import TrainingSearchRun
from rlnas.training import prepare_training

SHORT = ["--epochs", "5", "--device", "cpu"]

ALONE = """
import csv, json, sys
sys.modules["rlnas"] = None
sys.path.insert(0, sys.argv[1])
import model
names, shares = model.predict(model.read(sys.argv[2]))
print(json.dumps([names, shares.tolist()]))
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Return the breast cancer table as a CSV file with holes and a column of words."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.iloc[:, :6].astype(object)
    rng = np.random.default_rng(0)
    frame = frame.mask(rng.random(frame.shape) < 0.05)
    frame["ward"] = rng.choice(["north", "south"], len(frame))
    frame["diagnosis"] = np.where(bunch.target == 0, "malignant", "benign")
    path = tmp_path_factory.mktemp("table") / "cancer.csv"
    frame.to_csv(path, index=False)
    return path


def test_search_resume_report_and_a_model_of_its_own(table, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["search", "--table", str(table), "--target", "diagnosis", "--out", str(out), *SHORT]
    assert main([*command, "--queries", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["space"], said["task"], said["queries"]) == ("dense", "classification", 2)
    assert main([*command, "--queries", "3"]) == 1  # it is there
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--queries", "3", "--resume"]) == 0
    assert "test rows" in capsys.readouterr().out
    run = TrainingSearchRun.open(out)
    assert [r["architecture"] for r in said["rows"]] == list(run.rows["architecture"][:2])
    page = (out / "report.html").read_text()
    assert "images" not in page
    assert "model.read(&quot;rows.csv&quot;)" in page or 'model.read("rows.csv")' in page

    # Raw rows of the test part, in a process that has nothing of this package.
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(out / "best"), str(table)],
        capture_output=True,
        text=True,
        check=True,
    )
    names, shares = json.loads(done.stdout)
    data = load_table_data(table, "diagnosis")
    setup = prepare_training_of(table)
    network = setup.objective(out / "architectures").network(run.best["architecture"])
    frame = pd.DataFrame(csv.DictReader(table.open(newline="")))
    with torch.no_grad():
        own = network(torch.from_numpy(data.preparation.inputs(frame))).softmax(dim=1)
    np.testing.assert_allclose(shares, own, atol=1e-6)
    hits = np.array(names) == frame["diagnosis"].to_numpy()
    assert hits.mean() > 0.8


def prepare_training_of(table):
    from rlnas.datasets.tables import TableOptions

    options = TableOptions(table=str(table), target="diagnosis")
    return prepare_training(options, seed=0, epochs=5, device="cpu")


def test_a_regression_is_reported_in_its_own_direction(tmp_path, capsys, trained_here):
    out = tmp_path / "run"
    command = ["search", "--table", "diabetes", "--out", str(out), "--queries", "2", *SHORT]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "valid_loss, lower is better" in said.out
    run = TrainingSearchRun.open(out)
    assert run.best["valid"]["metric"] == pytest.approx(run.rows["valid"].min())


def test_evaluate(tmp_path, capsys, trained_here):
    command = ["evaluate", "--table", "wine", "--space", "attn", "--architecture", "random:2"]
    assert main([*command, "--out", str(tmp_path / "e"), *SHORT, "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["space"] == "attn"
    assert len(said["rows"]) == 2


def test_proxies_of_a_table(tmp_path, capsys):
    command = ["evaluate", "--table", "wine", "--architecture", "random:2", "--untrained"]
    assert main([*command, "--proxies", "--out", str(tmp_path / "e"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    assert all(row["proxy/params"] == row["parameters"] for row in rows)
    assert all(row["proxy/snip"] > 0 for row in rows)
    own = ["--schedule", "auto", "--out", str(tmp_path / "s")]
    assert main([*command, "--proxies", *own]) == 2
    assert "schedules train one and the same" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["search", "--table", "wein"], 2, "Did you mean 'wine'"),
        (["search", "--table", "wine", "--dataset", "digits"], 2, "leave one of them out"),
        (["search", "--target", "y"], 2, "--target: this is about a table"),
        (["search", "--table", "wine", "--seeds", "3"], 2, "cannot go with --table"),
        (["search", "--table", "wine", "--image-size", "8"], 2, "A table has no image_size"),
        (["search", "--table", "wine", "--space", "transnas-micro"], 2, "take images"),
        (["search", "--dataset", "digits", "--space", "dense"], 2, "take rows of a table"),
        (["search", "--table", "wine", "--task", "jigsaw"], 2, "classification, regression"),
        (["search", "--table", "no/such.csv", "--target", "y"], 1, "There is no file"),
        (["evaluate", "--architecture", "random:1"], 2, "give --dataset or --table"),
        (
            ["search", "--table", "wine", "--schedule", "sparse-lat"],
            2,
            "Did you mean 'sparse-late'",
        ),
        (["search", "--table", "wine", "--strength", "0.1"], 2, "give a schedule"),
        (["search", "--table", "diabetes", "--metric", "accurate"], 2, "Did you mean 'accuracy'"),
        (["search", "--metric", "accuracy"], 2, "--metric: this is about a table"),
        (["search", "--task", "jigsaw", "--schedule", "constant"], 2, "only a search that trains"),
    ],
)
def test_what_cannot_be_asked(arguments, status, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == status
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
