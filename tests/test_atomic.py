"""Files and folders that are whole, whatever happens; JSON of what results are made of."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rlnas.atomic import (
    atomic_directory,
    atomic_file,
    json_text,
    jsonable,
    mend,
    sweep,
    write_json,
)
from rlnas.errors import UnwritableError


@dataclass
class Point:
    x: float
    at: Path


def test_what_json_knows_is_written_as_it_was():
    value = {"a": [1, 2.5, None, True], "b": {"text": "µ", "c": []}}
    for indent in (None, 1, 2):
        assert json_text(value, indent=indent) == json.dumps(value, indent=indent)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.float64(0.1), "0.1"),
        (np.int64(3), "3"),
        (np.bool_(True), "true"),
        (np.arange(4).reshape(2, 2), "[[0, 1], [2, 3]]"),
        (Point(1.0, Path("runs")), '{"x": 1.0, "at": "runs"}'),
        ((1, (2,)), "[1, [2]]"),
        ({1: np.str_("x")}, '{"1": "x"}'),
    ],
    ids=str,
)
def test_what_results_are_made_of(value, text):
    assert json_text(value) == text


def test_numbers_that_json_does_not_know_are_null_unless_they_are_read_back(tmp_path):
    values = [float("nan"), np.float32("inf"), np.array([-np.inf])]
    assert json_text(values) == "[null, null, [null]]"
    write_json(tmp_path / "x.json", values, keep_nan=True)
    nan, inf, (low,) = json.loads((tmp_path / "x.json").read_text())
    assert nan != nan
    assert (inf, low) == (float("inf"), -float("inf"))


def test_jsonable_is_what_a_file_gives_back():
    assert jsonable({"sizes": (1, None), "at": Path("a")}) == {"sizes": [1, None], "at": "a"}


def test_what_a_writer_keeps_to_itself_has_the_usual_mode(tmp_path):
    (tmp_path / "usual").write_text("")
    usual = (tmp_path / "usual").stat().st_mode
    with atomic_file(tmp_path / "file") as partial:
        partial.unlink()
        partial.touch(0o600)  # as safetensors does
    assert (tmp_path / "file").stat().st_mode == usual
    with atomic_directory(tmp_path / "folder", ["weights", "deep"]) as partial:
        (partial / "deep").mkdir()
        for name in ("weights", "deep/weights"):
            (partial / name).touch(0o600)
    for name in ("weights", "deep/weights"):
        assert (tmp_path / "folder" / name).stat().st_mode == usual


def folder_with(path, text):
    path.mkdir()
    (path / "a.txt").write_text(text)


def test_a_folder_takes_the_place_of_another_in_one_step(tmp_path):
    folder_with(tmp_path / "x", "old")
    with atomic_directory(tmp_path / "x", ["*.txt"]) as partial:
        (partial / "b.txt").write_text("new")
    assert [p.name for p in (tmp_path / "x").iterdir()] == ["b.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_what_is_not_its_own_is_not_replaced(tmp_path):
    folder_with(tmp_path / "x", "old")
    (tmp_path / "file").write_text("years of work")
    for name in ("x", "file"):
        with (
            pytest.raises(UnwritableError, match=r"cannot be written"),
            atomic_directory(tmp_path / name, ["*.json"]),
        ):
            pass
    assert (tmp_path / "x" / "a.txt").read_text() == "old"
    assert (tmp_path / "file").read_text() == "years of work"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "x"]


def test_a_folder_is_put_back_unless_there_is_a_new_one(tmp_path):
    folder_with(tmp_path / ".x.0a1b2c3d.old", "old")
    folder_with(tmp_path / ".x.0a1b2c3d.part", "new")
    mend(tmp_path / "x")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x" / "a.txt").read_text() == "old"
    folder_with(tmp_path / ".x.0a1b2c3d.old", "older")
    mend(tmp_path / "x")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x" / "a.txt").read_text() == "old"


def test_leftovers_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with atomic_file(tmp_path / "own.txt") as own:
        own.write_text("being written")
        host = own.name.split(".")[3].split("-")[0]
        other = f".x.{host}-{child.pid}-00000000-0a1b2c3d.part"
        elsewhere = ".x.00000000-1-00000000-0a1b2c3d.part"
        (tmp_path / "deep").mkdir()
        for name in (other, elsewhere, "deep/.y.0a1b2c3d.part", ".x.notes.part"):
            (tmp_path / name).write_text("half")
        sweep(tmp_path)
        left = {p.name for p in tmp_path.rglob("*")}
        assert left == {own.name, other, elsewhere, "deep", ".x.notes.part"}
    child.communicate()
    sweep(tmp_path)
    left = {p.name for p in tmp_path.rglob("*")}
    assert left == {"own.txt", elsewhere, "deep", ".x.notes.part"}


def test_an_error_of_the_system_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableError, match=r"as it was; make room"):
        write_json(tmp_path / "file" / "x.json", {})
