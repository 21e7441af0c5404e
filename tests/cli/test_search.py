"""`rlnas search` on a suite."""

import re

import pandas as pd
import pytest

from rlnas.benchmarks import load_suite
from rlnas.cli.main import main

SUITE = ["--suite", "synthetic-micro"]


def test_search_prints_what_it_found_and_resumes(printed_json, capsys, tmp_path):
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
    found = printed_json()
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
    again = printed_json()
    for old, new in zip(found["rows"], again["rows"], strict=True):
        assert {**old, "seconds": 0} == {**new, "seconds": 0}
    assert all(p.stat().st_mtime_ns == at for p, at in kept.items())
    assert main([*command[:-4], "--seeds", "3", "--out", str(out), "--resume"]) == 1
    assert "seeds is [0, 1] there, not" in capsys.readouterr().err


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


def test_search_names_the_best_architecture(capsys, tmp_path):
    arguments = ["--task", "synthetic-0", "--algorithm", "random,local", "--queries", "30"]
    folder = tmp_path / "run"
    assert main(["search", *SUITE, *arguments, "--seeds", "2", "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    rows = pd.read_parquet(folder / "rows.parquet")
    best = rows.loc[rows["best_score"].idxmax()]
    assert f"synthetic-0: {best['best_architecture']}\n" in out
    assert f"rank {best['rank']:.0f}; {best['method']}, seed {best['seed']}" in out


def test_a_loss_is_shown_as_the_loss_it_is(capsys, tmp_path):
    command = ["search", "--suite", "rooms-micro", "--algorithm", "random", "--queries", "12"]
    command += ["--seeds", "2", "--task"]
    assert main([*command, "room_layout", "--out", str(tmp_path / "one")]) == 0
    rows = pd.read_parquet(tmp_path / "one" / "rows.parquet")
    shown = capsys.readouterr().out
    assert "room_layout: valid_loss, lower is better (2 seeds)" in shown
    assert f"valid_loss {-rows['best_score'].max():.6g}, rank" in shown
    assert not re.search(r"[-−][01]\.\d", shown)
    assert main([*command, "room_layout,jigsaw", "--out", str(tmp_path / "two")]) == 0
    shown = capsys.readouterr().out
    assert "room_layout ↓" in shown
    assert "↓: less is better" in shown
    assert "jigsaw ↓" not in shown
    assert not re.search(r"[-−][01]\.\d", shown)
    page = (tmp_path / "two" / "report.html").read_text(encoding="utf-8")
    assert "room_layout ↓" in page
    assert not re.search(r">[-−][01]\.\d", re.sub("<svg.*?</svg>", "", page, flags=re.S))


@pytest.mark.realdata
def test_random_search_is_as_good_as_chance_on_the_real_table(real_suite, printed_json, tmp_path):
    real_suite("transnas-micro")
    command = ["search", "--task", "all", "--algorithm", "random", "--queries", "50", "--seeds"]
    assert main([*command, "20", "--json", "--out", str(tmp_path / "r")]) == 0
    over = printed_json()["searchers"][0]["mean_over_tasks"]["rank_at"]
    # The best of k of N without replacement has the mean rank (N + 1) / (k + 1), ties aside.
    for queries, k in (("10", 10), ("20", 20), ("50", 50)):
        assert over[queries]["mean"] == pytest.approx(4097 / (k + 1), rel=0.35)
