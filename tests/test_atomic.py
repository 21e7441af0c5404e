"""JSON of what results are made of, the same bytes as `json` for what it knows already."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rlnas.atomic import atomic_directory, atomic_file, json_text, jsonable, write_json


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
    with atomic_directory(tmp_path / "folder") as partial:
        (partial / "deep").mkdir()
        for name in ("weights", "deep/weights"):
            (partial / name).touch(0o600)
    for name in ("weights", "deep/weights"):
        assert (tmp_path / "folder" / name).stat().st_mode == usual
