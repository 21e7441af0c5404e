"""JSON objects with a checksum, and those of before without."""

import json

import pytest

from rlnas.errors import DataError
from rlnas.sealed_json import read_sealed_json, write_sealed_json

TREE = {"said": "crc32c:00000000 is no checksum of ours", "scores": [1.5, None], "none": {}}


def test_an_object_comes_back_without_its_checksum(tmp_path):
    path = tmp_path / "new" / "x.json"
    write_sealed_json(path, TREE, indent=1)
    assert read_sealed_json(path, "thing") == TREE
    assert json.loads(path.read_text()).keys() == {"checksum", *TREE}
    (tmp_path / "old.json").write_text(json.dumps({"a": 1}))
    assert read_sealed_json(tmp_path / "old.json", "thing") == {"a": 1}


def test_damage_is_noticed(tmp_path, flipped):
    path = tmp_path / "x.json"
    write_sealed_json(path, TREE)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(flipped(content, place))
        with pytest.raises(DataError, match=r"x\.json is no readable thing"):
            read_sealed_json(path, "thing")
    for text in ("[]", "{", '{"checksum": "gone"}'):
        path.write_text(text)
        with pytest.raises(DataError, match="no readable thing"):
            read_sealed_json(path, "thing")
