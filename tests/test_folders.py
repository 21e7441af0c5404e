"""Paths that stay inside a folder, whatever the names; removal that stays there too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlnas.errors import RunError
from rlnas.folders import inside, remove
from rlnas.runs import RunCell
from rlnas.transfer.matrix.trainings import Training

HOSTILE = [
    *("../../victim", "..", ".", "", "/etc/passwd", "a/b", "a\\b", "~", "x" * 300, "ü" * 200),
    *(".hidden", "tab\there", "line\nend", "nul\0", "\ud800", "$\\frac$", "con:"),
]


def test_names_of_today_are_kept():
    cell = RunCell("weight-init", "class_scene", "room_layout", 3)
    assert cell.path.as_posix() == "cells/weight-init/class_scene--room_layout/seed-3.parquet"
    assert inside("r", "größe 1", "a|b~c").parts == ("r", "größe 1", "a|b~c")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_inside_and_can_be_written(name, tmp_path):
    home = tmp_path / "run"
    for path in (
        inside(home, name),
        home / RunCell(name, name, name, 0).path,
        home / RunCell("scratch", "-", name, 0).path,
        home / Training("each", name, (name,)).path,
    ):
        assert path.resolve().is_relative_to(home)
        assert path.resolve() != home
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content")
        path.unlink()


@given(st.lists(st.text(max_size=400), min_size=1, max_size=3))
def test_any_names_stay_inside(names):
    path = inside("/run", *names)
    assert path.parent.parts[:2] == ("/", "run")
    assert len(path.parts) == 2 + len(names)
    assert ".." not in path.parts


@given(st.text(max_size=300), st.text(max_size=300))
def test_distinct_names_are_distinct_paths(one, other):
    assert (inside("run", one) == inside("run", other)) == (one == other)


def test_removal_never_leaves_its_folder(tmp_path):
    run, victim = tmp_path / "run", tmp_path / "victim"
    run.mkdir()
    victim.mkdir()
    (victim / "thesis.tex").write_text("years of work")
    (run / "link").symlink_to(victim)
    for path in (
        victim,
        run / ".." / "victim",
        run / "link" / "thesis.tex",
        run / "x" / ".." / "..",
        run.parent,
        run,
    ):
        with pytest.raises(RunError, match="not inside"):
            remove(path, within=run)
    assert (victim / "thesis.tex").exists()
    remove(run / "link", within=run)  # the link, not what it leads to
    assert not (run / "link").is_symlink()
    assert (victim / "thesis.tex").exists()


def test_removal_of_a_folder_with_links_spares_what_they_lead_to(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "run" / "old").mkdir(parents=True)
    (tmp_path / "run" / "old" / "link").symlink_to(tmp_path / "kept")
    remove(tmp_path / "run" / "old", within=tmp_path / "run")
    remove(tmp_path / "run" / "nothing", within=tmp_path / "run")
    assert [p.name for p in (tmp_path / "run").iterdir()] == []
    assert (tmp_path / "kept").is_dir()
