"""NASLib's zips: records, completeness, and hostile archives."""

import io
import json
import zipfile

import numpy as np
import pytest

from rlnas.benchmarks import import_table
from rlnas.benchmarks.importers import naslib_zip
from rlnas.errors import DataError


def record(arch, value=1.0, **proxies):
    return {"idx": "0", "arch": arch, "val_accuracy": value, **proxies}


@pytest.fixture
def read(tmp_path):
    """Return a reader of zip content."""

    def run(content, **options):
        path = tmp_path / "some.zip"
        path.write_bytes(content)
        return import_table(path, "naslib-zip", **options)

    return run


def test_a_part_is_read_only_when_said_so(read, make_zip):
    rows = [record("(0, 0, 0, 0, 0, 1)", 3.0), record("(0, 0, 0, 0, 0, 0)", None)]
    content = make_zip({("transbench101_micro", "room_layout"): rows})
    with pytest.raises(DataError, match="2 architectures, expected all 4096"):
        read(content)
    (table,) = read(content, complete=False, name="part")
    assert table.name == "part"
    np.testing.assert_array_equal(table.column("room_layout").select(), [np.nan, 3.0])
    metric = table.column("room_layout").metric
    assert (metric.direction, metric.split, metric.epoch_policy) == ("max", "valid", "final")
    assert "negated" in metric.note


def test_marks_of_failure_are_missing(read, make_zip):
    def scores(*values):
        archs = (f"(0, 0, 0, 0, 0, {i})" for i in range(4))
        return [
            record(arch, 1.0, epe_nas={"score": value, "time": 1.0})
            for arch, value in zip(archs, values, strict=False)
        ]

    rows = scores(-1e8, float("-inf"), float("nan"), 5.0)
    (table,) = read(make_zip({("transbench101_micro", "jigsaw"): rows}), complete=False)
    column = table.column("jigsaw", "epe_nas")
    np.testing.assert_array_equal(column.select(), [np.nan, np.nan, np.nan, 5.0])
    assert column.metric.split == "none"


def test_two_spaces_make_two_tables(read, make_zip):
    content = make_zip(
        {
            ("transbench101_micro", "jigsaw"): [record("(0, 0, 0, 0, 0, 1)")],
            ("transbench101_macro", "jigsaw"): [record("(2, 2, 4, 3)")],
        }
    )
    assert [t.name for t in read(content, complete=False)] == [
        "some-transnas-micro",
        "some-transnas-macro",
    ]


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ([record("(0, 0, 0, 0, 0, 1)"), record("(0, 0, 0, 0, 0, 1)")], "more than once"),
        ([record("(0, 0, 0, 0, 0, 1)"), record("(0,0,0,0,0,1)")], "more than once"),
        ([record("(0, 0, 0, 0, 0, 9)")], "names no architecture"),
        ([record("(0, 0, 0, 0, 0, 1)", "high")], "expected a number"),
        ([record("(0, 0, 0, 0, 0, 1)", True)], "expected a number"),
        ([{"arch": "(0, 0, 0, 0, 0, 1)"}], "no 'val_accuracy'"),
        ([{"val_accuracy": 1.0}], "no 'arch'"),
        ([17], "no 'arch'"),
        ([{"arch": [0] * 6, "val_accuracy": 1.0}], "no 'arch'"),
    ],
)
def test_wrong_records_are_refused(read, make_zip, rows, match):
    with pytest.raises(DataError, match=match):
        read(make_zip({("transbench101_micro", "jigsaw"): rows}), complete=False)


def test_an_unknown_space_is_refused(read, make_zip):
    with pytest.raises(DataError, match="search space 'nasbench301'"):
        read(make_zip({("nasbench301", "cifar10"): [record("(0, 0, 0, 0, 0, 1)")]}))


def test_an_unknown_space_beside_known_ones_is_left_out_with_a_note(read, make_zip):
    known = [record("(0, 0, 0, 0, 0, 1)")]
    content = make_zip(
        {
            ("transbench101_micro", "jigsaw"): known,
            ("nasbench301", "cifar10"): known,
            ("nasbench201", "cifar10"): known,
        }
    )
    tables = read(content, complete=False)
    assert [table.space.name for table in tables] == ["transnas-micro", "nasbench-201"]
    for table in tables:
        assert table.source.note == "left out: the unknown search spaces nasbench301"


def archive(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            made.writestr(name, content)
    return buffer.getvalue()


MEMBER = "zen/benchmark--transbench101_micro--jigsaw--0.json"
FINE = json.dumps([record("(0, 0, 0, 0, 0, 1)")])


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 but nothing more", "no readable zip"),
        (archive((MEMBER, FINE))[:-30], "no readable zip"),
        (archive(), "no NASLib result"),
        (archive(("readme.txt", "hello")), "no NASLib result"),
        (archive((MEMBER, "{")), "no readable JSON"),
        (archive((MEMBER, b"\xff\xfe\xfa")), "no readable JSON"),
        (archive((MEMBER, "[" * 200_000)), "no readable JSON"),
        (archive((MEMBER, "{}")), "no list"),
        (archive(("../" + MEMBER, FINE)), "outside of itself"),
        (archive(("/" + MEMBER, FINE)), "outside of itself"),
        (archive(("..\\" + MEMBER, FINE)), "outside of itself"),
    ],
)
def test_damaged_and_hostile_zips_are_refused(read, content, match):
    with pytest.raises(DataError, match=match):
        read(content)


def test_a_flipped_byte_is_found(read, small_zip):
    content = bytearray(small_zip[0])
    content[len(content) // 3] ^= 0xFF
    with pytest.raises(DataError):
        read(bytes(content))


def test_bombs_are_not_unpacked(read, monkeypatch):
    bomb = archive((MEMBER, b" " * (naslib_zip.MAX_MEMBER_BYTES + 1)))
    assert len(bomb) < 100_000
    with pytest.raises(DataError, match="more than 16 MiB"):
        read(bomb)
    many = [(f"junk/{i}", b" " * (naslib_zip.MAX_TOTAL_BYTES // 8)) for i in range(9)]
    with pytest.raises(DataError, match="more than 256 MiB"):
        read(archive(*many))
    monkeypatch.setattr(naslib_zip, "MAX_MEMBERS", 2)
    with pytest.raises(DataError, match="at most 2"):
        read(archive(*((str(i), "") for i in range(3))))


def test_a_zip_that_lies_about_its_size_is_refused(read):
    content = archive((MEMBER, b"[" + b" " * 5000 + b"]"))
    size = (5002).to_bytes(4, "little")
    assert content.count(size) == 2
    with pytest.raises(DataError):
        read(content.replace(size, (50).to_bytes(4, "little")))
