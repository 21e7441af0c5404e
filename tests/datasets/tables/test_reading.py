"""Files as tables: what is read, and one clear line for what is none."""

import gzip

import numpy as np
import pandas as pd
import pytest

from rlnas.datasets.tables.reading import read_table
from rlnas.errors import DataError

LIMIT = 2**30


def write(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a,b\n1,x\n2,y\n", "t.csv"),
        ("a;b\n1;x\n2;y\n", "t.csv"),
        ("a|b\r\n1|x\r\n2|y\r\n", "t.txt"),
        ("a\tb\n1\tx\n2\ty\n", "t.tsv"),
        (" a , b\n1, x\n2, y\n", "t.csv"),
        ('"a","b"\n"1","x"\n"2","y"\n', "t.csv"),
        (b"\xef\xbb\xbfa,b\n1,x\n2,y\n", "t.csv"),
        ("a,b\n1,x\n2,y\n".encode("utf-16"), "t.csv"),
        (gzip.compress(b"a,b\n1,x\n2,y\n", mtime=0), "t.csv.gz"),
    ],
)
def test_one_table_in_many_ways(tmp_path, content, name):
    frame, notes = read_table(write(tmp_path, content, name), LIMIT)
    assert list(frame.columns) == ["a", "b"]
    assert frame.to_numpy().tolist() == [["1", "x"], ["2", "y"]]
    assert notes == ()


def test_parquet_keeps_its_types(tmp_path):
    frame = pd.DataFrame({"a": [1.5, np.nan], "day": pd.to_datetime(["2024-01-01", "2024-01-02"])})
    frame.to_parquet(tmp_path / "t.parquet")
    back, _ = read_table(tmp_path / "t.parquet", LIMIT)
    pd.testing.assert_frame_equal(back, frame)


def test_other_encodings_are_said(tmp_path):
    frame, notes = read_table(write(tmp_path, "größe,b\n1,2\n".encode("latin-1")), LIMIT)
    assert list(frame.columns) == ["größe", "b"]
    assert "Latin-1" in notes[0]


def test_signs_in_quotes_belong_to_their_cell(tmp_path):
    frame, _ = read_table(write(tmp_path, 'a,b\n"1,5\nnext",?\n"say ""hi""",z\n'), LIMIT)
    assert frame["a"].tolist() == ["1,5\nnext", 'say "hi"']
    assert frame["b"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "t.csv", "is empty"),
        ("\n \n", "t.csv", "is empty"),
        ("a,b\n", "t.csv", "no rows below its header"),
        ("a,b,a\n1,2,3\n", "t.csv", "more than one column called 'a'"),
        ("a\n1\n2\n", "t.csv", "has one column, 'a'"),
        ('a,b\n"1,2\n3,4\n', "t.csv", "is no table"),
        ("a,b\n1,2\n3,4,5,6\n", "t.csv", "is no table"),
        (b"PAR1 no more", "t.parquet", "is no Parquet file"),
        (b"\x1f\x8b broken", "t.csv.gz", "is no table"),
        ("a,b\n1,2\n", "t.xlsx", r"ends in \.xlsx"),
    ],
)
def test_what_is_no_table_is_one_line(tmp_path, content, name, message):
    with pytest.raises(DataError, match=message) as raised:
        read_table(write(tmp_path, content, name), LIMIT)
    assert "\n" not in str(raised.value)


def test_files_that_are_not_there_or_too_large(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        read_table(tmp_path / "none.csv", LIMIT)
    with pytest.raises(DataError, match="memory_limit=4 bytes"):
        read_table(write(tmp_path, "a,b\n1,2\n"), 4)
