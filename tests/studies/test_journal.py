"""Lines that are there whole or not at all."""

import pytest

from rlnas.errors import RunError, UnwritableError
from rlnas.studies import journal
from rlnas.studies.journal import Journal


def test_each_line_is_read_once_by_everybody(tmp_path):
    one, other = (Journal(tmp_path / "j") for _ in range(2))
    assert one.news() == []
    one.append({"a": 1}, {"b": [1.5, float("inf")]})
    assert one.news() == []  # its own
    assert other.news() == [{"a": 1}, {"b": [1.5, float("inf")]}]
    other.append({"c": "ä\n"})
    assert one.news() == [{"c": "ä\n"}]
    assert other.news() == []


@pytest.mark.parametrize("kept", [1, 5, 9, -1])
def test_a_torn_last_line_was_never_written_and_is_cut_off(tmp_path, kept):
    path = tmp_path / "j"
    Journal(path).append({"a": 1}, {"b": 2})
    first, second = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + second[:kept])
    reader = Journal(path)
    assert reader.news() == [{"a": 1}]
    reader.append({"c": 3})
    assert Journal(path).news() == [{"a": 1}, {"c": 3}]


def test_a_last_line_of_another_content_is_torn_too(tmp_path):
    path = tmp_path / "j"
    Journal(path).append({"a": 1}, {"b": 2})
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\n")
    assert Journal(path).news() == [{"a": 1}]


def test_damage_before_the_last_line_is_an_error_that_names_the_line(tmp_path):
    path = tmp_path / "j"
    Journal(path).append({"a": 1}, {"b": 2}, {"c": 3})
    content = bytearray(path.read_bytes())
    content[content.index(b'"b"') + 1] ^= 1
    path.write_bytes(content)
    with pytest.raises(RunError, match="line 2 has another checksum"):
        Journal(path).news()


def test_a_full_disk_writes_nothing(tmp_path, monkeypatch):
    path = tmp_path / "j"
    kept = Journal(path)
    kept.append({"a": 1})
    real = journal.os.write

    def full(descriptor, content):
        if len(content) < 10:
            raise OSError(28, "No space left on device")
        return real(descriptor, content[:5])

    monkeypatch.setattr(
        journal.os, "write", lambda d, c: full(d, c) if len(c) > 19 else full(d, b"")
    )
    with pytest.raises(UnwritableError, match="No space left"):
        kept.append({"long enough": 2})
    monkeypatch.undo()
    assert Journal(path).news() == [{"a": 1}]
    kept.append({"b": 2})
    assert Journal(path).news() == [{"a": 1}, {"b": 2}]


def test_an_answer_is_synced_at_once_and_those_within_a_second_together(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(journal.os, "fsync", synced.append)
    now = [100.0]
    monkeypatch.setattr(journal.time, "monotonic", lambda: now[0])
    kept = Journal(tmp_path / "j")
    kept.append({"asked": 1})
    assert len(synced) == 0
    for moment, count in ((100.0, 1), (100.5, 1), (101.0, 2), (101.1, 2)):
        now[0] = moment
        kept.append({"told": moment}, settle=True)
        assert len(synced) == count
    kept.settle()
    kept.settle()
    assert len(synced) == 3


def test_no_link_is_followed(tmp_path):
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "j").symlink_to(tmp_path / "victim")
    with pytest.raises((UnwritableError, RunError)):
        Journal(tmp_path / "j").append({"a": 1})
    assert (tmp_path / "victim").read_text() == "kept"
