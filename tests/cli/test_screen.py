"""Output to terminals that know few characters, and to readers that go away."""

import os
import subprocess
import sys

import pytest


def rlnas(*arguments, **changes):
    return subprocess.run(
        [sys.executable, "-m", "rlnas", *arguments],
        env={**os.environ, **changes},
        capture_output=True,
        check=False,
    )


# The least that there is, and one that has dashes but no λ.
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_every_encoding_gets_tables_and_help(encoding, tmp_path):
    found = rlnas("methods", PYTHONIOENCODING=encoding)
    assert found.returncode == 0, found.stderr
    text = found.stdout.decode(encoding)
    assert "zero-shot" in text
    assert "?" not in text.replace("?q", "")
    wrong = rlnas(
        "search",
        "--suite",
        "rooms-micro",
        "--task",
        "\N{MINUS SIGN}1 \N{GREEK SMALL LETTER LAMDA}",
        PYTHONIOENCODING=encoding,
    )
    assert wrong.returncode == 2
    assert b"Traceback" not in wrong.stderr


def test_a_finished_search_is_shown_in_ascii(tmp_path):
    found = rlnas(
        *("search", "--suite", "synthetic-micro", "--task", "synthetic-0", "--queries", "5"),
        *("--seeds", "2", "--algorithm", "random", "--out", str(tmp_path / "run")),
        PYTHONIOENCODING="ascii",
    )
    assert found.returncode == 0, found.stderr
    text = found.stdout.decode("ascii")
    assert "Best architecture of all searches" in text
    assert (tmp_path / "run" / "report.html").is_file()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["search", "--help"], ["methods"], ["--version"]]
)
def test_a_reader_may_go_away(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    found = subprocess.run(
        [sys.executable, "-m", "rlnas", *arguments],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert found.stderr == b""
    assert found.returncode == 0
