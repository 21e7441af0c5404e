"""``rlnas similarity``: ranking, matrix, figure and files, with and without controllers."""

import json

import numpy as np
import pandas as pd
import pytest

from rlnas.cli.main import main

SUITE = ["--suite", "synthetic-micro", "--target", "synthetic-0"]


def run(capsys, *arguments):
    status = main(["similarity", *SUITE, *arguments, "--json"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1]) if status == 0 else captured.err


def test_without_policies_nothing_is_trained(capsys, tmp_path):
    status, found = run(
        capsys, "--estimator", "rank-correlation,head-transfer", "--out", str(tmp_path / "a")
    )
    assert status == 0
    assert {row["queries"] for row in found["rankings"]} == {10.0}
    assert found["best"] in {"synthetic-1", "synthetic-2", "synthetic-3"}
    assert found["matrix"]["names"][-1] == "synthetic-0"
    values = np.array(found["matrix"]["values"])
    assert np.allclose(values, values.T)
    assert not (tmp_path / "a" / "sources").exists()
    for name in ("similarity.png", "similarity.svg", "config.json", "command.txt"):
        assert (tmp_path / "a" / name).stat().st_size
    frame = pd.read_parquet(tmp_path / "a" / "similarities.parquet")
    assert set(frame["estimator"]) == {"rank-correlation", "head-transfer"}


def test_controllers_are_trained_once_and_used_again(capsys, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    options = (
        "--estimator",
        "policy-agreement",
        "--seeds",
        "2",
        "--sources",
        "synthetic-1,synthetic-3",
    )
    status, trained = run(
        capsys, *options, "--steps", "1280", "--device", "cpu", "--out", str(first)
    )
    assert status == 0
    status, loaded = run(capsys, *options, "--run", str(first), "--out", str(second))
    assert status == 0
    assert trained["rankings"] == loaded["rankings"]
    folders = [str(first / "sources" / name) for name in ("synthetic-1", "synthetic-3")]
    status, given = run(capsys, *options, "--source", *folders, "--out", str(tmp_path / "third"))
    assert status == 0
    assert given["rankings"] == trained["rankings"]
    # Without names, the sources are those of the controllers.
    options = options[:-2]
    status, found = run(capsys, *options, "--source", *folders, "--out", str(tmp_path / "fourth"))
    assert status == 0
    assert found["sources"] == ["synthetic-1", "synthetic-3"]


def test_what_is_not_known_is_null_with_a_reason(capsys, tmp_path):
    status, found = run(capsys, "--estimator", "proxy-signature", "--out", str(tmp_path / "a"))
    assert status == 0
    assert found["best"] is None
    assert all(row["similarity"] is None for row in found["rankings"])
    assert "no proxy values" in found["rankings"][0]["note"]


def test_tables_for_people(capsys, tmp_path):
    assert main(["similarity", *SUITE, "--estimator", "spearman", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    for text in (
        "spearman: 10 target queries",
        "95 % interval",
        "P(best)",
        "Kendall's τ",
        "Figure:",
    ):
        assert text in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--estimator", "spaerman"), "Did you mean 'spearman'"),
        (("--probes", "-1"), "probes is -1"),
        (("--seeds", "0"), "seeds is 0"),
        (("--sources", "synthetic-0"), "cannot be its own source"),
        (("--sources", "synthetic-9"), "synthetic-9"),
    ],
)
def test_bad_arguments_are_said_before_anything_is_written(capsys, tmp_path, arguments, message):
    status, error = run(capsys, *arguments, "--out", str(tmp_path / "a"))
    assert status == 2
    assert message in error
    assert not (tmp_path / "a").exists()


def test_missing_controllers(capsys, tmp_path):
    options = ("--estimator", "policy-head", "--out", str(tmp_path / "a"))
    status, error = run(capsys, *options, "--run", str(tmp_path / "none"))
    assert status == 1
    assert "holds no source controllers" in error


def test_controllers_of_other_tasks_are_refused(capsys, tmp_path):
    train = ["train", *SUITE[:2], "--task", "synthetic-0", "--steps", "100", "--check-queries", "0"]
    assert main([*train, "--out", str(tmp_path / "own")]) == 0
    capsys.readouterr()
    options = ("--source", str(tmp_path / "own"), "--out", str(tmp_path / "a"))
    for more, message in (
        ((), "trained on synthetic-0; expected one or more of synthetic-1"),
        (("--sources", "synthetic-1"), "No controller was trained on synthetic-1"),
    ):
        status, error = run(capsys, *options, *more)
        assert status == 2
        assert message in error
    assert not (tmp_path / "a").exists()
