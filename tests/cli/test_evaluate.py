"""``rlnas evaluate``: what it trains, prints and refuses."""

import json

import pandas as pd
import pytest

from rlnas.cli.main import main

GOOD, EMPTY = "64-41414-3_33_333", "64-41414-0_00_000"
SMALL = [
    *("--dataset", "digits", "--image-size", "8", "--device", "cpu", "--epochs", "1"),
    *("--train-size", "96", "--valid-size", "60", "--test-size", "50"),
    *("--width", "4", "--modules", "4", "--cells", "1"),
]


def test_it_trains_and_prints_and_resumes(tmp_path, capsys):
    out = tmp_path / "run"
    command = ["evaluate", *SMALL, "--architecture", f"{GOOD},{EMPTY}", "--out", str(out)]
    assert main([*command, "--json"]) == 0
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert [row["architecture"] for row in found["rows"]] == [GOOD, EMPTY]
    assert GOOD in captured.err
    assert "96 + 60 + 50 images" in captured.err
    first = found["rows"][0]
    assert first["valid"] == first["score"] > 0
    assert first["parameters"] > found["rows"][1]["parameters"]
    assert found["rows"][1]["macs"] < first["macs"]
    table = pd.read_parquet(out / "evaluations.parquet")
    assert table["test"].tolist() == [row["test"] for row in found["rows"]]

    assert main(command) == 1
    assert "--resume" in capsys.readouterr().err
    files = {p: p.stat().st_mtime_ns for p in out.rglob("record.json")}
    assert main([*command, "--resume", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == found["rows"]
    assert {p: p.stat().st_mtime_ns for p in out.rglob("record.json")} == files
    wider = [*command, "--resume"]
    wider[wider.index("--width") + 1] = "6"
    assert main(wider) == 1
    assert "skeleton" in capsys.readouterr().err


def test_untrained_with_proxies_trains_nothing(tmp_path, capsys):
    command = ["evaluate", *SMALL, "--architecture", "random:5", "--out", str(tmp_path / "run")]
    assert main([*command, "--untrained", "--proxies", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len({row["architecture"] for row in rows}) == 5
    assert all(row["proxy/params"] == row["parameters"] for row in rows)
    assert "valid" not in rows[0]
    assert not list(tmp_path.rglob("record.json"))


def test_one_failure_is_a_row(tmp_path, capsys):
    command = ["evaluate", *SMALL, "--architecture", GOOD, "--timeout", "0.01"]
    assert main([*command, "--out", str(tmp_path / "run")]) == 0
    out = capsys.readouterr().out
    assert "failed" in out
    assert f"{GOOD} failed: timeout after 0.01 s" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "digits", "--architecture", "64-41414-9_99_999"], "64-41414-9_99_999"),
        (["--dataset", "digits", "--architecture", "random:0"], "random:N"),
        (["--dataset", "digits", "--architecture", ","], "no architecture"),
        (["--dataset", "digit", "--architecture", GOOD], "Did you mean"),
        (["--dataset", "digits", "--task", "clas", "--architecture", GOOD], "Did you mean"),
        (["--dataset", "digits", "--recipe", "shrt", "--architecture", GOOD], "Did you mean"),
        (["--dataset", "digits", "--space", "micro", "--architecture", GOOD], "transnas-micro"),
        (["--dataset", "digits", "--epochs", "0", "--architecture", GOOD], "epochs is 0"),
        (["--dataset", "digits", "--workers", "0", "--architecture", GOOD], "workers is 0"),
        (["--dataset", "digits", "--timeout", "0", "--architecture", GOOD], "timeout is 0"),
        (["--dataset", "digits", "--width", "5", "--architecture", GOOD], "even"),
        (["--dataset", "digits", "--device", "tpu", "--architecture", GOOD], "device"),
    ],
)
def test_mistakes_are_status_2_and_leave_nothing(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong_architecture = "9_99" in arguments[-1]
    assert main(["evaluate", *arguments]) == (1 if wrong_architecture else 2)
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
