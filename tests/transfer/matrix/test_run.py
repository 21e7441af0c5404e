"""The transfer matrix: what it writes, and that no interruption changes its result."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from rlnas.agents import ControllerConfig, PolicyConfig, PPOConfig, PPOController
from rlnas.errors import InvalidArgumentError, RunError, UnknownNameError
from rlnas.search.registry import SEARCHERS
from rlnas.transfer import NO_SOURCE, MatrixConfig, MatrixRun, run_matrix

SMALL = MatrixConfig(
    suite="synthetic-micro",
    tasks=("synthetic-0", "synthetic-1"),
    seeds=3,
    queries=12,
    steps=1024,
    controller=ControllerConfig(
        network=PolicyConfig(width=16), ppo=PPOConfig(num_envs=32, n_steps=16, batch_size=256)
    ),
)
TIMED = ["seconds"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> MatrixRun:
    out = tmp_path_factory.mktemp("matrix") / "undisturbed"
    return run_matrix(SMALL, out, workers=2, command="the command")


def _stable(frame: pd.DataFrame) -> pd.DataFrame:
    order = ["method", "source", "target", "seed"]
    extra = ["query"] if "query" in frame else []
    kept = frame.drop(columns=[c for c in TIMED if c in frame])
    return kept.sort_values(order + extra).reset_index(drop=True)


def test_every_cell_once_with_its_budget(undisturbed: MatrixRun) -> None:
    rows = undisturbed.rows()
    counts = rows.groupby("method").size().to_dict()
    assert counts == {"scratch": 2 * 3, "zero-shot": 2 * 2 * 3, "weight-init": 2 * 2 * 3}
    assert set(rows.loc[rows.method == "scratch", "source"]) == {NO_SOURCE}
    assert (rows.queries == SMALL.queries).all()
    assert not rows.duplicated(["method", "source", "target", "seed"]).any()
    assert undisturbed.finished


def test_ranks_are_those_of_the_table(undisturbed: MatrixRun) -> None:
    rows = undisturbed.rows()
    for row in rows.itertuples():
        scores = undisturbed.suite[row.target].scores
        assert row.rank == 1 + (scores > row.best_score).sum()
        assert row.regret == pytest.approx(scores.max() - row.best_score)
    assert (rows.rank_at_10 >= rows["rank"]).all()


def test_curves_end_where_the_rows_say(undisturbed: MatrixRun) -> None:
    curves = undisturbed.curves()
    keys = ["method", "source", "target", "seed"]
    last = curves[curves["query"] == SMALL.queries].set_index(keys)
    rows = undisturbed.rows().set_index(keys)
    assert_frame_equal(
        last[["best_score", "rank"]].sort_index(), rows[["best_score", "rank"]].sort_index()
    )


def test_run_folder_tells_what_was_run(undisturbed: MatrixRun) -> None:
    again = MatrixRun.open(undisturbed.folder)
    assert again.config == SMALL
    assert again.command == "the command"
    assert {"rlnas", "torch"} <= set(again.versions)
    controller = PPOController.load(undisturbed.folder / "sources" / "synthetic-0")
    assert controller.sources == ("synthetic-micro/synthetic-0",)


def test_tensorboard_has_a_curve_for_every_cell(undisturbed: MatrixRun) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for cell in SMALL.cells():
        name = f"{cell.method}/{cell.source}--{cell.target}/{cell.name}"
        events = EventAccumulator(str(undisturbed.folder / "tensorboard" / "cells" / name))
        events.Reload()
        curve = events.Scalars("search/best_score")
        assert [e.step for e in curve] == list(range(1, SMALL.queries + 1))
        assert curve[-1].value == pytest.approx(undisturbed.result(cell).best.score, rel=1e-6)
    sources = EventAccumulator(str(undisturbed.folder / "tensorboard/sources/synthetic-0"))
    sources.Reload()
    assert "train/loss" in sources.Tags()["scalars"]


def test_an_existing_folder_is_not_overwritten(undisturbed: MatrixRun) -> None:
    with pytest.raises(RunError, match="resume=True"):
        run_matrix(SMALL, undisturbed.folder)


def test_resuming_with_other_settings_is_refused(undisturbed: MatrixRun) -> None:
    other = MatrixConfig(**{**vars(SMALL), "queries": 20})
    with pytest.raises(RunError, match="queries"):
        run_matrix(other, undisturbed.folder, resume=True)


def test_methods_that_changed_since_a_run_was_begun(undisturbed: MatrixRun, tmp_path, caplog):
    """Whole runs go on as they are, unfinished ones are refused, old ones told of."""
    folder = tmp_path / "begun"
    shutil.copytree(undisturbed.folder, folder)
    settings = json.loads((folder / "config.json").read_text())
    assert settings["matrix"]["versions"] == {"scratch": 1, "zero-shot": 1, "weight-init": 1}
    settings["matrix"]["versions"]["weight-init"] = 7
    (folder / "config.json").write_text(json.dumps(settings))
    done = _times(folder)
    assert run_matrix(SMALL, folder, resume=True).config.versions["weight-init"] == 7
    assert _times(folder) == done
    (cell,) = [c for c in SMALL.cells() if c.method == "weight-init"][:1]
    MatrixRun.open(folder).path(cell).unlink()
    with pytest.raises(RunError, match="begun with version 7 of weight-init, now 1"):
        run_matrix(SMALL, folder, resume=True)

    del settings["matrix"]["versions"]  # as earlier versions wrote it
    (folder / "config.json").write_text(json.dumps(settings))
    entry = dataclasses.replace(SEARCHERS.get("weight-init"), version=2)
    with pytest.MonkeyPatch.context() as patch, caplog.at_level("WARNING", "rlnas"):
        patch.setitem(SEARCHERS._entries, "weight-init", entry)
        assert run_matrix(SMALL, folder, resume=True).finished
    assert "before versions of methods were kept" in caplog.text
    assert "weight-init" in caplog.text
    assert "versions" not in json.loads((folder / "config.json").read_text())["matrix"]


def test_a_finished_run_resumes_to_itself(undisturbed: MatrixRun) -> None:
    before = _times(undisturbed.folder)
    reports: list[tuple[str, int, int]] = []
    run = run_matrix(
        SMALL, undisturbed.folder, resume=True, on_progress=lambda *a: reports.append(a)
    )
    assert _times(run.folder) == before
    assert ("search", 30, 30) in reports


def test_kill_and_resume_equals_an_undisturbed_run(undisturbed: MatrixRun, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import json
            from pathlib import Path
            from rlnas.transfer import MatrixConfig, run_matrix
            if __name__ == "__main__":
                config = MatrixConfig.from_dict(json.loads({json.dumps(SMALL.to_dict())!r}))
                run_matrix(config, {str(out)!r}, workers=2)
            """
        )
    )
    process = subprocess.Popen([sys.executable, str(script)], start_new_session=True)
    try:
        _wait_for(lambda: len(_times(out)) >= 4, process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    _wait_for_quiet(out)
    finished = _times(out)
    assert 4 <= len(finished) < len(SMALL.cells()), "killed too late to show anything"
    assert not (out / "rows.parquet").exists()

    run = run_matrix(SMALL, out, workers=2, resume=True)

    after = _times(out)
    assert {path: after[path] for path in finished} == finished, "a finished cell was run again"
    assert_frame_equal(_stable(run.rows()), _stable(undisturbed.rows()))
    assert_frame_equal(_stable(run.curves()), _stable(undisturbed.curves()))


def _times(folder: Path) -> dict[str, int]:
    """Return the finished cells with the time they were written."""
    cells = (folder / "cells").rglob("seed-*.parquet")
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in cells if p.name[0] != "."}


def _wait_for(condition, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"the run ended by itself with {process.returncode}"
        assert time.monotonic() < end, "timed out"
        time.sleep(0.005)


def _wait_for_quiet(folder: Path) -> None:
    """Wait until the orphaned workers, which end with their parent, write no more."""
    before: dict[str, int] = {}
    for _ in range(50):
        time.sleep(0.3)
        now = _times(folder)
        if now == before:
            return
        before = now
    raise AssertionError("the workers outlived the killed run")


def test_unknown_names_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="zero-shot"):
        MatrixConfig(methods=("zeroshot",))
    config = MatrixConfig(**{**vars(SMALL), "tasks": ("synthetic-0", "synthetic-9")})
    with pytest.raises(UnknownNameError, match="synthetic-9"):
        run_matrix(config, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("field", ["seeds", "queries", "steps"])
def test_sizes_must_be_positive(field: str) -> None:
    with pytest.raises(InvalidArgumentError, match=field):
        MatrixConfig(**{field: 0})


def test_open_refuses_what_is_no_matrix(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"config\.json is missing"):
        MatrixRun.open(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunError, match="holds no matrix run"):
        MatrixRun.open(tmp_path)
