"""``rlnas search --dataset``: from a folder of images to an exported model and a report."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from rlnas.agents import PPOController
from rlnas.benchmarks import load_suite
from rlnas.cli.main import main
from rlnas.search import SearchResult


def changed(command, **values):
    """Return a command line with other values of options that it has."""
    for name, value in values.items():
        place = command.index(f"--{name}") + 1
        command = [*command[:place], value, *command[place + 1 :]]
    return command


SMALL = [
    *("--image-size", "8", "--width", "4", "--modules", "4", "--cells", "1", "--epochs", "1"),
    *("--device", "cpu", "--queries", "4", "--algorithm", "random"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Bright and dark squares, with noise: two classes that a small network can tell apart."""
    root = tmp_path_factory.mktemp("data") / "squares"
    rng = np.random.default_rng(0)
    for name, level in (("bright", 180), ("dark", 70)):
        (root / name).mkdir(parents=True)
        for number in range(60):
            pixels = np.clip(rng.normal(level, 40, (8, 8, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


def when(condition, act):
    """Do something in another thread as soon as a condition holds."""

    def watch():
        for _ in range(3000):
            if condition():
                act()
                return
            time.sleep(0.02)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def rows_of(out):
    frame = pd.read_parquet(out / "rows.parquet")
    return frame[["query", "architecture", "valid", "error"]].to_dict("records")


@pytest.fixture(scope="module")
def finished(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("search") / "run"
    assert main(["search", "--dataset", str(folder), *SMALL, "--out", str(out)]) == 0
    return out


def test_a_search_gives_back_a_model_and_a_report(folder, finished):
    best = json.loads((finished / "best.json").read_text())
    result = SearchResult.load(finished / "search.parquet")
    assert len(result.records) == 4
    assert best["architecture"] == result.best.architecture
    assert best["valid"]["metric"] == result.best.score
    assert sum(map(sum, best["confusion"])) == best["test_size"]
    right = sum(best["confusion"][i][i] for i in range(2))
    assert 100 * right / best["test_size"] == pytest.approx(best["test"]["metric"])
    page = (finished / "report.html").read_text()
    assert best["architecture"] in page
    assert "Wilson" in page
    done = subprocess.run(
        [sys.executable, finished / "best" / "model.py", folder / "dark" / "0.png"],
        capture_output=True,
        text=True,
        check=True,
    )
    path, name, probability = done.stdout.split("\t")
    assert path.endswith("0.png")
    assert name in ("bright", "dark")
    assert 0.5 <= float(probability) <= 1


def test_only_the_best_networks_test_score_is_told(finished):
    best = json.loads((finished / "best.json").read_text())
    assert "test" not in pd.read_parquet(finished / "rows.parquet").columns
    records = [json.loads(p.read_text()) for p in finished.glob("architectures/*/record.json")]
    page = (finished / "report.html").read_text()
    for record in records:
        if record["architecture"] != best["architecture"]:
            assert repr(record["test"]["loss"]) not in page
    assert len(records) == 4


def test_curves_of_the_search(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished / "tensorboard"))
    events.Reload()
    assert {"search/best_score", "search/cost"} <= set(events.Tags()["scalars"])
    best = [event.value for event in events.Scalars("search/best_score")]
    assert [event.step for event in events.Scalars("search/cost")] == [1, 2, 3, 4]
    assert best == sorted(best)


def test_more_queries_and_a_longer_final_training_go_on_from_there(folder, finished, capsys):
    before = rows_of(finished)
    kept = {p: p.stat().st_mtime_ns for p in finished.rglob("record.json")}
    command = ["search", "--dataset", str(folder), *SMALL, "--out", str(finished), "--resume"]
    command[command.index("--queries") + 1] = "5"
    assert main([*command, "--final-epochs", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert rows_of(finished)[:4] == before
    assert len(found["rows"]) == 5
    assert {p: p.stat().st_mtime_ns for p in kept} == kept
    assert found["best"]["epochs"] == 2
    assert len(found["best"]["final_history"]) == 2
    assert main(["report", str(finished)]) == 0
    assert "trained longer" in (finished / "report.html").read_text()


def test_a_killed_worker_is_a_failed_query(folder, tmp_path, capsys):
    out = tmp_path / "run"
    killed = []

    def early():
        """Process ids of trainings that are in their first epochs, once another is done."""
        if not list(out.glob("architectures/*/record.json")):
            return []
        return [
            int(events.name.split(".")[-2])
            for events in out.glob("architectures/*/events.*")
            if not (events.parent / "record.json").exists()
            and (events.parent / "history.json").exists()
            and (events.parent / "history.json").read_text().count("learning_rate") < 20
        ]

    def kill():
        killed.extend(early()[:1])
        os.kill(killed[0], signal.SIGKILL)

    thread = when(early, kill)
    command = ["search", "--dataset", str(folder), *changed(SMALL, epochs="60"), "--out", str(out)]
    assert main([*command, "--workers", "2"]) == 0
    thread.join(60)
    assert len(killed) == 1
    rows = rows_of(out)
    assert len(rows) == 4
    errors = [row["error"] for row in rows if isinstance(row["error"], str)]
    assert errors == ["the worker was killed by SIGKILL (out of memory?)"]
    assert "1 of 4 trainings failed" in capsys.readouterr().out
    assert "the worker was killed by SIGKILL" in (out / "report.html").read_text()


def test_ctrl_c_leaves_a_run_that_goes_on_to_the_same_end(folder, tmp_path, capsys):
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    command = ["search", "--dataset", str(folder), *changed(SMALL, epochs="12")]
    assert main([*command, "--out", str(whole)]) == 0
    two_are_done = lambda: len(list(torn.glob("architectures/*/record.json"))) >= 2  # noqa: E731
    thread = when(two_are_done, lambda: os.kill(os.getpid(), signal.SIGINT))
    assert main([*command, "--out", str(torn)]) == 130
    thread.join(60)
    assert f"--out {torn} --resume" in capsys.readouterr().err
    assert not multiprocessing.active_children()
    assert not (torn / "rows.parquet").exists()
    assert main(["report", str(torn)]) == 1
    assert "not finished" in capsys.readouterr().err
    assert main([*command, "--out", str(torn), "--resume"]) == 0
    assert rows_of(torn) == rows_of(whole)


def test_when_everything_fails_the_report_says_so(folder, tmp_path, capsys):
    out = tmp_path / "run"
    command = ["search", "--dataset", str(folder), *SMALL, "--timeout", "0.01", "--out", str(out)]
    assert main(command) == 1
    assert "All 4 queries failed" in capsys.readouterr().err
    page = (out / "report.html").read_text()
    assert "All 4 queries failed" in page
    assert page.count("timeout after 0.01 s") >= 4
    assert not (out / "best").exists()


def test_a_transfer_method_searches_from_its_source(folder, tmp_path, capsys):
    source = tmp_path / "source"
    task = load_suite("synthetic-micro")["synthetic-0"]
    PPOController.train(task, steps=2000, seed=0, device="cpu").save(source)
    command = ["search", "--dataset", str(folder), *changed(SMALL, algorithm="zero-shot")]
    assert main([*command, "--source", str(source), "--out", str(tmp_path / "run"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["algorithm"] == "zero-shot"
    assert len({row["architecture"] for row in found["rows"]}) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "digits", "--suite", "transnas-micro"], "--suite"),
        (["--dataset", "digits", "--seeds", "3"], "--seeds"),
        (["--dataset", "digits", "--tensorboard"], "--tensorboard"),
        (["--dataset", "digits", "--task", "class,jigsaw"], "takes one"),
        (["--dataset", "digits", "--algorithm", "random,local"], "takes one"),
        (["--dataset", "digits", "--algorithm", "randm"], "'random'"),
        (["--dataset", "digits", "--algorithm", "zero-shot"], "--source"),
        (["--dataset", "digits", "--algorithm", "random", "--source", "x"], "leave --source … out"),
        (["--dataset", "digits", "--queries", "0"], "0 queries"),
        (["--suite", "synthetic-micro", "--task", "all", "--recipe", "rooms"], "--recipe"),
        (["--suite", "synthetic-micro", "--task", "all", "--final-epochs", "2"], "--final-epochs"),
        (["--task", "all", "--workers", "2", "--width", "8"], "--workers, --width"),
        ([], "--dataset"),
    ],
)
def test_what_does_not_go_together(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["search", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())
