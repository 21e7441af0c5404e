"""``rlnas pareto`` from a command line to a table."""

import json

from rlnas import load_results
from rlnas.cli.main import main

SMALL = [
    *("--image-size", "8", "--width", "4", "--modules", "4", "--cells", "1", "--epochs", "1"),
    *("--train-size", "64", "--valid-size", "60", "--test-size", "50", "--device", "cpu"),
    *("--steps", "3", "--points", "2"),
]


def test_it_prints_the_networks_and_says_where_they_are(tmp_path, capsys):
    run = ["pareto", "--dataset", "digits", *SMALL, "--out", str(tmp_path / "run"), "--json"]
    assert main(run) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert len(found["rows"]) == 2
    assert found["task"] == "class"
    assert (tmp_path / "run" / "report.html").exists()
    assert "Models:" in said.err
    results = load_results(tmp_path / "run")
    assert results.figures() == ("shrinking", "front")
    assert len(results.rows) == 2
    assert main(["report", str(tmp_path / "run")]) == 0
    assert "front.png" in capsys.readouterr().out
    assert main(run) == 1  # it is there already
    assert "--resume" in capsys.readouterr().err


def test_what_to_search_on_has_to_be_said(capsys):
    assert main(["pareto"]) == 2
    assert "--dataset" in capsys.readouterr().err
