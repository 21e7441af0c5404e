"""`--option` of search, transfer and matrix: it reaches the search, its result and its folder."""

import json

import pandas as pd

from rlnas.cli.main import main
from rlnas.search import SearchResult

SUITE = ["--suite", "synthetic-micro"]


def options_of(folder, method):
    (cell, *_) = sorted((folder / "cells" / method).rglob("*.parquet"))
    return SearchResult.load(cell).options


def test_a_search_states_the_options_it_was_given(capsys, tmp_path):
    out = tmp_path / "search"
    both = ["--algorithm", "random,regularised-evolution", "--queries", "8", "--seeds", "1"]
    plain = ["search", *SUITE, "--task", "synthetic-0", *both, "--out", str(out)]
    given = ["--option", "regularised-evolution.population=4"]
    assert main([*plain, *given]) == 0
    assert options_of(out, "regularised-evolution")["population"] == 4
    assert main([*plain, *given, "--resume"]) == 0
    assert main([*plain, "--resume"]) == 1
    assert "there, not null" in capsys.readouterr().err


def test_without_options_a_folder_is_as_it_always_was(tmp_path):
    out = tmp_path / "search"
    run = ["search", *SUITE, "--task", "synthetic-0", "--algorithm", "random", "--queries", "3"]
    assert main([*run, "--seeds", "1", "--out", str(out)]) == 0
    assert "options" not in json.loads((out / "config.json").read_text())["search"]


def test_a_transfer_takes_options_of_its_method_and_of_baselines(trained, capsys, tmp_path):
    out = tmp_path / "transfer"
    arguments = ["transfer", "--source", str(trained), *SUITE, "--task", "synthetic-1"]
    arguments += ["--method", "weight-init", "--queries", "6", "--seeds", "1", "--out", str(out)]
    arguments += ["--baselines", "local", "--option", "shrink=0.5"]
    assert main([*arguments, "--option", "local.improvement=worst"]) == 2
    assert "first or best" in capsys.readouterr().err
    assert not out.exists()
    assert main([*arguments, "--option", "local.improvement=best"]) == 0
    assert options_of(out, "weight-init")["shrink"] == 0.5
    assert options_of(out, "local")["improvement"] == "best"


def test_a_matrix_takes_options_of_its_methods(capsys, tmp_path):
    out = tmp_path / "matrix"
    plan = [
        "matrix",
        *SUITE,
        "--tasks",
        "synthetic-0,synthetic-1",
        "--seeds",
        "1",
        "--steps",
        "640",
    ]
    plan += ["--methods", "weight-init,random", "--queries", "5", "--device", "cpu"]
    plan += ["--workers", "1", "--out", str(out)]
    given = ["--option", "weight-init.parts=encoder", "--option", "weight-init.thaw=none"]
    assert main([*plan, "--option", "shrink=1"]) == 2
    assert "weight-init.shrink=1" in capsys.readouterr().err
    assert main([*plan, *given]) == 0
    assert options_of(out, "weight-init")["parts"] == ["encoder"]
    assert set(pd.read_parquet(out / "rows.parquet")["method"]) == {"weight-init", "random"}
    assert main([*plan, *given, "--resume"]) == 0
    assert main([*plan, "--resume"]) == 1
    assert "there, not null" in capsys.readouterr().err
