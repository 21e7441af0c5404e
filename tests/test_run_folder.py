"""A folder of work is begun once, gone on with the same settings only, and refused otherwise."""

import errno
import json

import pytest

from rlnas.errors import RunError
from rlnas.run_folder import (
    begin_run,
    differences,
    keep_settings,
    only_writer,
    read_command,
    read_settings,
    read_versions,
    run_kind,
)


def test_a_run_begins_once_and_resumes_with_the_same_settings_only(tmp_path):
    folder = tmp_path / "run"
    assert not begin_run(folder, "search", {"a": (1, 2)}, command="rlnas search")
    assert run_kind(folder) == "search"
    assert read_command(folder) == "rlnas search"
    assert "numpy" in read_versions(folder)
    (folder / "cells").mkdir()
    with pytest.raises(RunError, match="resume=True"):
        begin_run(folder, "search", {"a": (1, 2)})
    assert begin_run(folder, "search", {"a": (1, 2)}, resume=True)
    with pytest.raises(RunError, match=r"a.1 is 2 there, not 3"):
        begin_run(folder, "search", {"a": (1, 3)}, resume=True)
    with pytest.raises(RunError, match="no train run"):
        begin_run(folder, "train", {}, resume=True)


def test_a_folder_without_work_begins_anew(tmp_path):
    """A command that was refused after it had begun must not stand in the way of the right one."""
    begin_run(tmp_path / "r", "search", {"seed": 0})
    assert not begin_run(tmp_path / "r", "search", {"seed": 1})
    assert read_settings(tmp_path / "r", "search") == {"seed": 1}
    (tmp_path / "r" / "cells").mkdir()
    with pytest.raises(RunError, match="resume=True"):
        begin_run(tmp_path / "r", "search", {"seed": 2})


def test_resume_begins_a_run_that_is_not_there(tmp_path):
    assert not begin_run(tmp_path / "new", "search", {}, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_was_killed_before_it_had_its_settings_begins_again(resume, tmp_path):
    for name in ("versions.json", "command.txt", ".lock", ".config.json.0a1b2c3d.part"):
        (tmp_path / name).write_text("{}")
    assert not begin_run(tmp_path, "search", {"a": 1}, resume=resume)
    assert read_settings(tmp_path, "search") == {"a": 1}
    assert ".config.json.0a1b2c3d.part" not in {p.name for p in tmp_path.iterdir()}


def test_a_refused_folder_is_as_it_was(tmp_path):
    for name in ("thesis.tex", ".thesis.tex.0a1b2c3d.part"):
        (tmp_path / name).write_text("years of work")
    for resume in (False, True):
        with pytest.raises(RunError), only_writer(tmp_path):
            begin_run(tmp_path, "search", {}, resume=resume)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_run_in_a_folder_that_is_full_can_be_gone_on_with_later(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(RunError, match=r"No space left on device\)\. What was there"):
            begin_run(tmp_path / "run", "search", {"a": 1})
    assert not begin_run(tmp_path / "run", "search", {"a": 1}, resume=True)


def test_folders_that_are_no_runs_are_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="is a file"):
        begin_run(tmp_path / "file", "search", {})
    with pytest.raises(RunError, match="no run folder"):
        run_kind(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        run_kind(tmp_path)


def test_settings_of_an_earlier_version_are_read_as_todays(tmp_path):
    begin_run(tmp_path, "search", {"a": 1})
    today = {"a": 1, "b": 0}
    with pytest.raises(RunError, match="b is null there, not 0"):
        begin_run(tmp_path, "search", today, resume=True)
    assert begin_run(tmp_path, "search", today, resume=True, upgrade=lambda old: {"b": 0, **old})
    with pytest.raises(RunError, match="no readable description of a search run"):
        begin_run(tmp_path, "search", today, resume=True, upgrade=lambda old: {"b": old["c"]})
    assert read_settings(tmp_path, "search") == {"a": 1}


def test_settings_in_a_file_of_their_own(tmp_path):
    path = tmp_path / "part" / "plan.json"
    keep_settings(path, {"sizes": (1, None)})
    assert json.loads(path.read_text()) == {"sizes": [1, None]}
    keep_settings(path, {"sizes": [1, None]})
    with pytest.raises(RunError, match=r"sizes.1 is null there, not 2"):
        keep_settings(path, {"sizes": (1, 2)})
    path.write_text("[]")
    with pytest.raises(RunError, match="damaged"):
        keep_settings(path, {})


def test_differences_are_told_down_to_the_value():
    old = {"recipes": [{"epochs": 1}, {"epochs": 2}], "seeds": [0], "gone": 1}
    new = {"recipes": [{"epochs": 1}, {"epochs": 3}], "seeds": [0, 1]}
    assert list(differences(old, new)) == [
        "recipes.1.epochs is 2 there, not 3",
        "seeds is [0] there, not [0, 1]",
        "gone is 1 there, not null",
    ]
