"""What holds for every command: help, mistakes, failures."""

import errno
import io
import os

import pytest

from rlnas.cli.main import main

SUITE = ["--suite", "synthetic-micro"]


def test_help_and_version(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for command in ("data", "train", "transfer", "matrix", "search", "report", "bench"):
        assert command in text
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("rlnas ")
    assert main([]) == 0  # without arguments: the help


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", *SUITE, "--task", "synthetic-9"], "Did you mean"),
        (["search", "--suite", "syntetic-micro", "--task", "all"], "synthetic-micro"),
        (["search", *SUITE, "--task", "all", "--algorithm", "randm"], "'random'"),
        (["search", *SUITE, "--task", "all", "--queries", "0"], "queries is 0"),
        (["search", *SUITE, "--task", "all", "--seeds", "0"], "seeds is 0"),
        (["search", *SUITE, "--task", "synthetic-0,synthetic-0"], "twice"),
        (["matrix", *SUITE, "--methods", "zero-shoot"], "'zero-shot'"),
        (["matrix", *SUITE, "--workers", "0"], "workers is 0"),
        (["train", *SUITE, "--task", "synthetic-0", "--steps", "0"], "--steps is 0"),
        (["train", *SUITE, "--task", "synthetic"], "Did you mean"),
        (["train", *SUITE, "--task", "synthetic-0", "--device", "tpu"], "device"),
        (["data", "info", "no-such-table"], "no-such-table"),
        (["search", *SUITE, "--task", "all", "--queries", "0"], "--queries is 0"),
        (["search", *SUITE, "--task", ","], "names nothing"),
        (["data", "fetch", ","], "names nothing"),
        (["search", *SUITE, "--task", "all", "--seed", "1", "--seed", "2"], "given twice"),
        (["search"], "--task"),
        (["search", "--task", "x", "--nonsense"], "nonsense"),
        (["serch"], "serch"),
    ],
)
def test_bad_arguments_are_status_2_with_a_hint_and_no_traceback(
    arguments, message, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.parquet"))
    assert not list(tmp_path.iterdir())  # a default folder would refuse the corrected command


def test_failures_are_status_1_in_one_line(capsys, tmp_path):
    assert main(["report", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("rlnas report: ")


def test_debug_shows_the_traceback(tmp_path, monkeypatch):
    from rlnas.errors import RunError

    with pytest.raises(RunError):
        main(["report", str(tmp_path), "--debug"])
    monkeypatch.setenv("RLNAS_DEBUG", "1")
    with pytest.raises(RunError):
        main(["report", str(tmp_path)])


@pytest.mark.parametrize("written", ["config.json", "tfevents", "seed-0.parquet", "rows.parquet"])
def test_a_full_disk_is_status_1_in_one_line(written, capsys, tmp_path, monkeypatch):
    line = ["search", *SUITE, "--task", "synthetic-0", "--algorithm", "random", "--queries", "3"]
    line += ["--seeds", "1", "--tensorboard", "--json", "--out", str(tmp_path / "run")]
    real = io.open

    def full(file, mode="r", *args, **options):
        if set("wax+") & set(mode) and written in str(file):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        return real(file, mode, *args, **options)

    with monkeypatch.context() as context:
        context.setattr(io, "open", full)
        assert main(line) == 1
    (said,) = [s for s in capsys.readouterr().err.splitlines() if s.startswith("rlnas search:")]
    assert written in said
    assert "cannot be written (No space left on device)" in said
    assert not [p for p in tmp_path.rglob("*") if p.name.endswith(".part")]
    assert main([*line, "--resume"]) == 0
