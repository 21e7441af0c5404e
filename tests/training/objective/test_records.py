"""Records on disk: where they lie, and what damage is."""

import json

import numpy as np
import pytest

from rlnas.errors import RunError
from rlnas.training.objective.records import RecordFolder, TrainingRecord


def test_folder_names_are_safe_and_distinct(tmp_path):
    names = [
        "64-41414-3_33_333",
        "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|",
        "../up",
        "a/b",
        "a b",
        "x" * 300,
        "x" * 301,
    ]
    folder = RecordFolder(tmp_path, {"a": 1})
    paths = [folder.path(name) for name in names]
    assert len(set(paths)) == len(names)
    assert all(path.parent == tmp_path and len(path.name) < 100 for path in paths)
    for name in names:
        folder.write(TrainingRecord(architecture=name, score=float("nan"), seconds=1.0))
    assert sorted(r.architecture for r in folder) == sorted(names)
    assert np.isnan(folder.read("a/b").score)


def test_a_damaged_record_is_an_error_that_names_the_file(tmp_path):
    folder = RecordFolder(tmp_path, {})
    for text in ("{", "[]", '{"score": 1}'):
        path = folder.path("a") / "record.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        with pytest.raises(RunError, match=r"record\.json is no readable record"):
            folder.read("a")


def test_every_bit_of_a_record_counts_and_old_ones_have_no_checksum(tmp_path, flipped):
    folder = RecordFolder(tmp_path, {})
    record = TrainingRecord(architecture="a", score=1.5, seconds=2.0, history=({"epoch": 1},))
    folder.write(record)
    path = folder.path("a") / "record.json"
    assert folder.read("a") == record
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(flipped(content, place))
        with pytest.raises(RunError, match=r"record\.json"):
            folder.read("a")
    tree = json.loads(content)
    del tree["checksum"]
    path.write_text(json.dumps(tree))
    assert folder.read("a") == record
