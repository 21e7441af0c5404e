"""``rlnas search --max-macs`` and the like: what it says and what it refuses."""

import json

import pytest

from rlnas.cli.main import main

SUITE = ["search", "--suite", "rooms-micro", "--task", "class_scene", "--algorithm", "random"]


def test_a_search_of_a_suite_says_its_limits(tmp_path, capsys):
    run = ["--queries", "5", "--seeds", "1", "--out", str(tmp_path / "run"), "--max-macs", "6e5"]
    assert main([*SUITE, *run]) == 0
    assert "over the limits (macs 600,000) cost no query" in capsys.readouterr().out
    kept = json.loads((tmp_path / "run" / "config.json").read_text())
    assert kept["search"]["limits"] == {"macs": 6e5}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--max-latency-ms", "3"], "latency_ms cannot be limited on the suite rooms-micro"),
        (["--max-params", "1"], "the least there is: parameters"),
        (["--max-macs", "0"], "expected a number above 0"),
    ],
)
def test_limits_that_cannot_be_are_refused_in_a_line(tmp_path, capsys, asked, says):
    assert main([*SUITE, *asked, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said
    assert "\n" not in said
    assert not (tmp_path / "run").exists()
