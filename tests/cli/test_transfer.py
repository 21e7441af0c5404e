"""`rlnas transfer` from trained controllers."""

import json

from rlnas.cli.main import main

SUITE = ["--suite", "synthetic-micro"]


def test_transfer_compares_with_its_baselines(trained, printed_json, tmp_path):
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
    found = printed_json()
    names = [(s["method"], s["source"]) for s in found["searchers"]]
    assert names == [("weight-init", "synthetic-0"), ("scratch", "-"), ("random", "-")]
    actions = {t["part"]: t["action"] for t in found["tensors"]["synthetic-0"]}
    assert actions["encoder"] == "copied"
    assert actions["value_head"] == "re-initialised"
    assert list((out / "tensorboard").rglob("events.*"))
    assert main(["report", str(out), "--json"]) == 0
    assert printed_json()["kind"] == "search"


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


def test_the_default_folder_names_the_source_and_the_best_says_of_how_many(
    trained, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = ["transfer", "--source", str(trained), *SUITE, "--task", "synthetic-1"]
    small = ["--queries", "5", "--seeds", "2", "--baselines", "random"]
    assert main([*arguments, *small]) == 0
    (folder,) = tmp_path.glob("runs/transfer/synthetic-micro/*")
    assert folder.name == f"synthetic-1-zero-shot-from-{trained.name}"
    out = capsys.readouterr().out
    assert "Best architecture of all searches" in out
    assert "the best of 4 searches of 5 queries each" in out
    assert "(median)" in out
