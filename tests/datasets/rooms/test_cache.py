"""Rooms on disk: read back as rendered, and rendered anew when the file is not sound."""

import dataclasses

import numpy as np
import pytest

from rlnas.datasets.rooms import Rooms, cache, generate_rooms, load_rooms
from rlnas.datasets.rooms.cache import rooms_file
from rlnas.errors import InvalidArgumentError

FIELDS = [field.name for field in dataclasses.fields(Rooms)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RLNAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def calls(monkeypatch):
    """Count the renderings."""
    made = []

    def render(count, **options):
        made.append(count)
        return generate_rooms(count, **options)

    monkeypatch.setattr(cache, "generate_rooms", render)
    return made


def test_a_second_call_reads_what_the_first_rendered(calls, same):
    first = load_rooms("test", 6, seed=3, image_size=16)
    assert same(first, generate_rooms(6, seed=3, split="test", image_size=16))
    assert same(load_rooms("test", 6, seed=3, image_size=16), first)
    assert same(load_rooms("test", 2, seed=3, image_size=16), first.first(2))
    assert calls == [6]
    longer = load_rooms("test", 9, seed=3, image_size=16)
    assert same(longer.first(6), first)
    assert calls == [6, 9]
    assert len(load_rooms("test", 9, seed=3, image_size=16)) == 9
    assert calls == [6, 9]


def test_every_option_has_a_file_of_its_own(calls):
    load_rooms("test", 1, image_size=16)
    for options in ({"split": "valid"}, {"seed": 1}, {"image_size": 24}):
        load_rooms(**{"split": "test", "count": 1, "image_size": 16, **options})
    assert calls == [1, 1, 1, 1]


@pytest.mark.parametrize("harm", ["empty", "cut", "text", "flipped", "missing", "type", "pickle"])
def test_a_damaged_file_is_rendered_anew(harm, calls, same):
    good = load_rooms("test", 4, image_size=16)
    path = rooms_file("test", seed=0, image_size=16)
    content = path.read_bytes()
    fields = {name: getattr(good, name) for name in FIELDS}
    if harm == "empty":
        path.write_bytes(b"")
    elif harm == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "text":
        path.write_text("no rooms here")
    elif harm == "flipped":
        spot = len(content) // 2
        path.write_bytes(content[:spot] + bytes([content[spot] ^ 255]) + content[spot + 1 :])
    elif harm == "missing":
        np.savez(path, **{name: fields[name] for name in FIELDS[:-1]})
    elif harm == "type":
        np.savez(path, **{**fields, "normal": fields["normal"].astype(np.float32)})
    else:
        hostile = np.array([object()] * 4, dtype=object)
        np.savez(path, **{**fields, "class_object": hostile})
    assert same(load_rooms("test", 4, image_size=16), good)
    assert calls == [4, 4]
    assert same(load_rooms("test", 4, image_size=16), good)
    assert calls == [4, 4]


def test_without_a_folder_that_can_be_written_rooms_are_rendered(folder, calls):
    folder.write_text("a file, not a folder")
    assert len(load_rooms("test", 2, image_size=16)) == 2
    assert calls == [2]


def test_a_bad_request_writes_nothing(folder):
    with pytest.raises(InvalidArgumentError, match="split"):
        load_rooms("../outside", 2)
    with pytest.raises(InvalidArgumentError, match="count"):
        load_rooms("test", 0)
    assert not folder.exists()
