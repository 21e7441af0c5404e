"""Each command in this process, on the built-in synthetic suite."""

import json

import numpy as np
import pandas as pd
import pytest

from rlnas.benchmarks import load_suite
from rlnas.cli.main import main
from rlnas.tasks import Metric

SUITE = ["--suite", "synthetic-micro"]


def result_of(capsys):
    """The JSON object on standard output, which must be its only line."""
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return json.loads(out)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train") / "run"
    assert (
        main(
            [
                "train",
                *SUITE,
                "--task",
                "synthetic-0",
                "--steps",
                "6000",
                "--out",
                str(folder),
                "--check-queries",
                "10",
                "--device",
                "cpu",
            ]
        )
        == 0
    )
    return folder


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


def test_search_prints_what_it_found_and_resumes(capsys, tmp_path):
    out = tmp_path / "run"
    command = [
        "search",
        *SUITE,
        "--task",
        "synthetic-0,synthetic-1",
        "--algorithm",
        "random,local",
        "--queries",
        "25",
        "--seeds",
        "2",
        "--out",
        str(out),
    ]
    assert main([*command, "--json"]) == 0
    found = result_of(capsys)
    assert [s["method"] for s in found["searchers"]] == ["random", "local"]
    rank = found["searchers"][0]["tasks"]["synthetic-1"]["rank_at"]["25"]
    rows = [r for r in found["rows"] if r["method"] == "random" and r["target"] == "synthetic-1"]
    assert rank["mean"] == pytest.approx(sum(r["rank"] for r in rows) / 2)
    task = load_suite("synthetic-micro")["synthetic-1"]
    assert rows[0]["rank"] == task.rank(rows[0]["best_score"])
    assert (out / "report.html").exists()

    assert main(command) == 1  # not empty
    assert "--resume" in capsys.readouterr().err
    cell = out / "cells" / "local" / "---synthetic-0" / "seed-1.parquet"
    kept = {p: p.stat().st_mtime_ns for p in out.rglob("seed-*.parquet") if p != cell}
    cell.unlink()
    assert main([*command, "--resume", "--json"]) == 0
    again = result_of(capsys)
    for old, new in zip(found["rows"], again["rows"], strict=True):
        assert {**old, "seconds": 0} == {**new, "seconds": 0}
    assert all(p.stat().st_mtime_ns == at for p, at in kept.items())
    assert main([*command[:-4], "--seeds", "3", "--out", str(out), "--resume"]) == 1
    assert "seeds differ" in capsys.readouterr().err


def test_search_table_names_tasks_and_says_what_the_columns_mean(capsys, tmp_path):
    command = [
        "search",
        *SUITE,
        "--task",
        "all",
        "--algorithm",
        "random",
        "--queries",
        "12",
        "--seeds",
        "2",
        "--out",
        str(tmp_path / "r"),
    ]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "synthetic-3" in captured.out
    assert "mean over tasks" in captured.out
    assert "@10" in captured.out
    assert "@12" in captured.out
    assert "search: 8/8" in captured.err
    assert max(map(len, captured.out.split("\nResults:")[0].splitlines())) <= 80


def test_train_resumes_exactly(trained, capsys, tmp_path):
    out = tmp_path / "twice"
    command = [
        "train",
        *SUITE,
        "--task",
        "synthetic-0",
        "--device",
        "cpu",
        "--out",
        str(out),
        "--check-queries",
        "0",
        "--json",
    ]
    assert main([*command, "--steps", "100"]) == 0
    assert result_of(capsys)["steps"] < 6000
    assert main([*command, "--steps", "6000"]) == 1  # there is a run already
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--steps", "6000", "--resume"]) == 0
    assert result_of(capsys)["steps_trained"] > 0
    whole, twice = trained / "checkpoint", out / "checkpoint"
    assert (twice / "weights.safetensors").read_bytes() == (
        whole / "weights.safetensors"
    ).read_bytes()
    assert main([*command, "--steps", "6000", "--resume", "--seed", "1"]) == 1
    assert "seed differ" in capsys.readouterr().err


def test_train_says_how_it_does_and_where_things_are(capsys, tmp_path):
    out = tmp_path / "t"
    command = ["train", *SUITE, "--task", "synthetic-0", "--steps", "100", "--check-queries", "20"]
    assert main([*command, "--network", "transformer", "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "On its own task it finds, with 20 queries" in text
    assert f"tensorboard --logdir {out / 'tensorboard'}" in text
    assert list((out / "tensorboard").glob("events.*"))
    assert (out / "versions.json").exists()


def test_transfer_compares_with_its_baselines(trained, capsys, tmp_path):
    out = tmp_path / "transfer"
    arguments = [
        "transfer",
        "--source",
        str(trained),
        *SUITE,
        "--task",
        "synthetic-1",
        "--method",
        "weight-init",
        "--queries",
        "12",
        "--seeds",
        "2",
        "--out",
        str(out),
    ]
    assert main([*arguments, "--json"]) == 0
    found = result_of(capsys)
    names = [(s["method"], s["source"]) for s in found["searchers"]]
    assert names == [("weight-init", "synthetic-0"), ("scratch", "-"), ("random", "-")]
    actions = {t["part"]: t["action"] for t in found["tensors"]["synthetic-0"]}
    assert actions["encoder"] == "copied"
    assert actions["value_head"] == "re-initialised"
    assert list((out / "tensorboard").rglob("events.*"))
    assert main(["report", str(out), "--json"]) == 0
    assert result_of(capsys)["kind"] == "search"


def test_transfer_from_two_sources_of_one_task(trained, capsys, tmp_path):
    arguments = [
        "transfer",
        "--source",
        str(trained),
        str(trained / "checkpoint"),
        *SUITE,
        "--task",
        "synthetic-1",
        "--queries",
        "5",
        "--seeds",
        "1",
        "--baselines",
        "none",
        "--out",
        str(tmp_path / "t"),
    ]
    assert main([*arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert "2 sources" in captured.err
    sources = [s["source"] for s in json.loads(captured.out)["searchers"]]
    assert sources == ["synthetic-0", "synthetic-0#2"]


def test_transfer_without_a_checkpoint_or_a_source_method(trained, capsys, tmp_path):
    rest = [*SUITE, "--task", "synthetic-1", "--out", str(tmp_path / "t")]
    assert main(["transfer", "--source", str(tmp_path / "none"), *rest]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert main(["transfer", "--source", str(trained), *rest, "--method", "scratch"]) == 2
    assert "uses no source" in capsys.readouterr().err
    assert main(["transfer", "--source", str(trained), *rest, "--baselines", "randon"]) == 2
    assert "random" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_matrix_writes_tables_figures_and_report(capsys, tmp_path):
    out = tmp_path / "m"
    command = [
        "matrix",
        *SUITE,
        "--tasks",
        "synthetic-0,synthetic-1",
        "--methods",
        "scratch,zero-shot",
        "--seeds",
        "2",
        "--queries",
        "8",
        "--steps",
        "500",
        "--workers",
        "1",
        "--out",
        str(out),
    ]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert "zero-shot: mean rank of the best of 8 queries" in captured.out
    assert "SYNTHETIC" in captured.out
    assert "search: 12/12" in captured.err
    for name in ("report.html", "heatmap-zero-shot.png", "heatmap-zero-shot.svg", "curves.svg"):
        assert (out / name).exists()
    assert (out / "command.txt").read_text().startswith("rlnas matrix --suite synthetic-micro")
    assert main([*command, "--resume", "--json"]) == 0
    found = result_of(capsys)
    assert found["summary"]["methods"]["zero-shot"]["against_scratch"]["cells"] == 4
    assert len(found["rows"]) == 2 * 2 + 4 * 2
    assert main(["report", str(out), "--json"]) == 0
    assert result_of(capsys)["kind"] == "matrix"
    assert main(command) == 1


def test_data_list_and_info(capsys):
    assert main(["data", "list", "--json"]) == 0
    listed = result_of(capsys)
    assert "transnas-micro" in [entry["name"] for entry in listed["catalogue"]]
    assert "synthetic-micro" in listed["suites"]
    assert main(["data", "list"]) == 0
    assert "nasbench-201" in capsys.readouterr().out


def test_data_list_and_info_know_the_built_in_tables(capsys, tmp_path, monkeypatch):
    from rlnas.benchmarks import BenchmarkTable, Column, Source, builtin, save_table
    from rlnas.spaces import get_space

    space = get_space("transnas-macro-4")
    source = Source(title="rooms-macro: made up", made_by="a test in no hours")
    accuracy = Column("jigsaw", Metric(name="valid_top1", unit="%"), np.arange(210.0))
    primary = {"jigsaw": "valid_top1"}
    table = BenchmarkTable("rooms-macro", space, [accuracy], primary=primary, source=source)
    monkeypatch.setattr(builtin, "_FOLDER", tmp_path)
    monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))
    save_table(table, tmp_path / "rooms-macro")
    assert main(["data", "list", "--json"]) == 0
    listed = result_of(capsys)
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


def test_data_import_makes_a_suite(capsys, tmp_path):
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
    (table,) = result_of(capsys)["tables"]
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
def test_data_info_gives_the_published_optimum(real_suite, capsys):
    real_suite("transnas-micro")
    assert main(["data", "info", "transnas-micro", "--json"]) == 0
    (table,) = result_of(capsys)["tables"]
    best = table["tasks"]["class_scene"]["optimum"]
    assert table["size"] == 4096
    assert best["architecture"] == "64-41414-3_32_132"
    assert best["score"] == pytest.approx(54.936, abs=1e-3)


def test_the_demo_is_on_the_built_in_suite():
    from rlnas.benchmarks.builtin import BUILT_IN
    from rlnas.cli.matrix import MatrixOptions, _config

    config = _config(MatrixOptions(preset="demo", seeds=2))
    assert config.suite in BUILT_IN  # so it needs neither network nor cache
    assert config.tasks == ("class_scene", "class_object", "jigsaw", "autoencoder")
    assert (config.seeds, config.steps) == (2, 100_000)  # what is given wins over the preset


def test_matrix_options_default_and_lists():
    from rlnas.cli.matrix import MatrixOptions, _config

    config = _config(MatrixOptions(tasks=("a,b", "c"), methods=("scratch",)))
    assert config.tasks == ("a", "b", "c")
    assert config.methods == ("scratch",)
    assert (config.suite, config.seeds, config.queries) == ("transnas-micro", 5, 50)
    demo = _config(MatrixOptions(preset="demo", suite="synthetic-micro"))
    assert demo.tasks == ()  # the preset's tasks are those of another suite


@pytest.mark.realdata
def test_random_search_is_as_good_as_chance_on_the_real_table(real_suite, capsys, tmp_path):
    real_suite("transnas-micro")
    command = ["search", "--task", "all", "--algorithm", "random", "--queries", "50", "--seeds"]
    assert main([*command, "20", "--json", "--out", str(tmp_path / "r")]) == 0
    over = result_of(capsys)["searchers"][0]["mean_over_tasks"]["rank_at"]
    # The best of k of N without replacement has the mean rank (N + 1) / (k + 1), ties aside.
    for queries, k in (("10", 10), ("20", 20), ("50", 50)):
        assert over[queries]["mean"] == pytest.approx(4097 / (k + 1), rel=0.35)


def test_search_names_the_best_architecture(capsys, tmp_path):
    arguments = ["--task", "synthetic-0", "--algorithm", "random,local", "--queries", "30"]
    folder = tmp_path / "run"
    assert main(["search", *SUITE, *arguments, "--seeds", "2", "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    rows = pd.read_parquet(folder / "rows.parquet")
    best = rows.loc[rows["best_score"].idxmax()]
    assert f"synthetic-0: {best['best_architecture']}\n" in out
    assert f"rank {best['rank']:.0f}; {best['method']}, seed {best['seed']}" in out
