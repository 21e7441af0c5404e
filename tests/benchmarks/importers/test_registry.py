"""Formats by name and by content."""

import pytest

from rlnas.benchmarks import import_formats, import_options, import_table
from rlnas.errors import DataError, InvalidArgumentError, UnknownNameError


def test_an_unknown_format_lists_the_known_ones(tmp_path):
    (tmp_path / "x").write_text("x")
    with pytest.raises(UnknownNameError, match="Did you mean 'naslib-zip'") as caught:
        import_table(tmp_path / "x", "naslib-zipp")
    for name in import_formats():
        assert name in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b" \n", b"hello", b"\x80\x02K\x01.", b"PK\x05\x06" + b"\0" * 18, b"\0\0,\0\n", b"[1]"],
)
def test_content_of_no_known_format_names_them(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(DataError, match="name one of naslib-zip, suite-zero-json"):
        import_table(tmp_path / "x")


def test_content_decides_the_format(tmp_path, small_zip):
    (tmp_path / "data.csv").write_bytes(small_zip[0])
    assert import_table(tmp_path / "data.csv")[0].space.name == "transnas-micro"


@pytest.mark.parametrize("name", [n for n in import_formats() if n != "naslib-zip"])
def test_another_format_than_said_is_refused(tmp_path, small_zip, name):
    (tmp_path / "data").write_bytes(small_zip[0])
    options = {"space": "transnas-micro", "columns": {"a": {"task": "t"}}}
    with pytest.raises(DataError):
        import_table(
            tmp_path / "data", name, **(options if "columns" in import_options(name) else {})
        )


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        import_table(tmp_path / "none.csv")
    with pytest.raises(DataError, match="name one of"):
        import_table(tmp_path)


@pytest.mark.parametrize("name", [None, "csv", "parquet", "suite-zero-json", "transnas-pth"])
def test_an_empty_file_is_called_so(tmp_path, name):
    (tmp_path / "x.csv").touch()
    with pytest.raises(DataError, match=r"x\.csv is empty; expected results, in one of naslib-zip"):
        import_table(
            tmp_path / "x.csv", name, **({"space": "transnas-micro"} if name == "csv" else {})
        )


def test_options_are_checked(tmp_path, small_zip):
    (tmp_path / "data").write_bytes(small_zip[0])
    with pytest.raises(InvalidArgumentError, match="no option spce; it has name, complete"):
        import_table(tmp_path / "data", spce="x")
    (tmp_path / "t.csv").write_text("architecture,a\nx,1\n")
    with pytest.raises(InvalidArgumentError, match="needs the option space"):
        import_table(tmp_path / "t.csv")
    assert set(import_options("csv")) >= {"space", "columns", "architecture", "duplicates"}
