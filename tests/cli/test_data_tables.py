"""`rlnas data`: list, info and import."""

import json
import zipfile

import numpy as np
import pytest

from rlnas.benchmarks import BenchmarkTable, Column, Provenance, builtin, load_suite, save_table
from rlnas.cli.main import main
from rlnas.spaces import get_space
from rlnas.tasks import Metric


def test_data_list_and_info(printed_json, capsys):
    assert main(["data", "list", "--json"]) == 0
    listed = printed_json()
    assert "transnas-micro" in [entry["name"] for entry in listed["catalogue"]]
    assert "synthetic-micro" in listed["suites"]
    assert main(["data", "list"]) == 0
    assert "nasbench-201" in capsys.readouterr().out


def test_data_list_and_info_know_the_built_in_tables(printed_json, capsys, tmp_path, monkeypatch):
    space = get_space("transnas-macro-4")
    source = Provenance(title="rooms-macro: made up", made_by="a test in no hours")
    accuracy = Column("jigsaw", Metric(name="valid_top1", unit="%"), np.arange(210.0))
    primary = {"jigsaw": "valid_top1"}
    table = BenchmarkTable("rooms-macro", space, [accuracy], primary=primary, source=source)
    monkeypatch.setattr(builtin, "_FOLDER", tmp_path)
    monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))
    save_table(table, tmp_path / "rooms-macro")
    assert main(["data", "list", "--json"]) == 0
    listed = printed_json()
    assert listed["built_in"] == [
        {
            "name": "rooms-macro",
            "title": "rooms-macro: made up",
            "space": "transnas-macro-4",
            "architectures": 210,
            "tasks": ["jigsaw"],
            "made_by": "a test in no hours",
        }
    ]
    assert main(["data", "list"]) == 0
    assert "nothing to fetch" in capsys.readouterr().out
    assert main(["data", "info"]) == 0  # without a name: what is built in or in the cache
    printed = capsys.readouterr().out
    assert space.format(space.arrays[-1]) in printed
    assert "Made by: a test in no hours" in printed


def test_data_import_makes_a_suite(printed_json, capsys, tmp_path):
    file = tmp_path / "scores.csv"
    space = load_suite("synthetic-micro").space
    strings = [space.format(space.from_index([i])[0]) for i in range(50)]
    lines = [f"{name},{i},{2 * i}" for i, name in enumerate(strings)]
    file.write_text("\n".join(["arch,acc,sec", *lines]))
    command = [
        "data",
        "import",
        str(file),
        "--format",
        "csv",
        "--space",
        "transnas-micro",
        "--name",
        "mine",
        "--option",
        "architecture=arch",
        "--column",
        "acc,task=t,split=valid,unit=%",
        "sec,task=t,cost=true",
        "--json",
    ]
    assert main(command) == 0
    (table,) = printed_json()["tables"]
    assert table["tasks"]["t"]["optimum"] == {
        "architecture": strings[49],
        "score": 49.0,
        "value": 49.0,
    }
    assert table["tasks"]["t"]["cost"] == "sec"
    assert main(command) == 2  # the name is taken
    assert main([*command, "--replace"]) == 0
    capsys.readouterr()
    search = ["search", "--suite", "mine", "--task", "t", "--queries", "5", "--seeds", "1"]
    assert main([*search, "--out", str(tmp_path / "s")]) == 0


@pytest.mark.realdata
def test_data_info_gives_the_published_optimum(real_suite, printed_json):
    real_suite("transnas-micro")
    assert main(["data", "info", "transnas-micro", "--json"]) == 0
    (table,) = printed_json()["tables"]
    best = table["tasks"]["class_scene"]["optimum"]
    assert table["size"] == 4096
    assert best["architecture"] == "64-41414-3_32_132"
    assert best["score"] == pytest.approx(54.936, abs=1e-3)


def test_an_option_that_is_true_or_false_takes_words(printed_json, capsys, tmp_path):
    path = tmp_path / "part.zip"
    record = {"idx": "0", "arch": "(1, 1, 1, 1, 1, 1)", "val_accuracy": 50.0, "zen": {"score": 1.5}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zen/benchmark--transbench101_micro--jigsaw--0.json", json.dumps([record]))
    line = ["data", "import", str(path), "--format", "naslib-zip", "--name", "option-part"]
    assert main([*line, "--option", "complete=true"]) == 1
    assert "`--option complete=false`" in capsys.readouterr().err
    assert main([*line, "--option", "complete=perhaps"]) == 2
    assert "complete" in capsys.readouterr().err
    assert main([*line, "--option", "complete=false", "--json"]) == 0
    (table,) = printed_json()["tables"]
    assert table["rows"] == 1
